// SPDX-License-Identifier: Apache-2.0
#include "weight_contents.h"

#include <fmt/format.h>

#include <limits>

#include "intr/core/error.h"

namespace intr {

void check_budget(const std::vector<TensorEntry>& entries, const WeightLimits& limits,
                  const std::string& where) {
  std::uint64_t sum = 0;
  for (const TensorEntry& entry : entries)
    if (__builtin_add_overflow(sum, entry.bytes, &sum))
      sum = std::numeric_limits<std::uint64_t>::max();
  if (sum <= static_cast<std::uint64_t>(limits.tensor_bytes)) return;
  constexpr double kGib = 1 << 30;
  throw DataError(
      fmt::format("tensors need {:.1f} GiB, the limit is {:.1f} GiB",
                  static_cast<double>(sum) / kGib, static_cast<double>(limits.tensor_bytes) / kGib),
      where, fmt::format("if you trust it, raise --max-bytes to {}", sum));
}

}  // namespace intr
