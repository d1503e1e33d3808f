// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/weight_limits.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace intr {
namespace {

/// Applies `visit(flag, field, largest, help)` to every limit that an option raises.
template <class Limits, class Visit>
void for_each_option(Limits& limits, const Visit& visit) {
  constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kOffset = std::numeric_limits<std::uint32_t>::max() / 2;
  visit("max-bytes", limits.tensor_bytes, kAny, "of all tensors written out, in bytes");
  visit("max-tensors", limits.tensors, kOffset, "tensors in a file");
  visit("max-pickle-bytes", limits.pickle_bytes, kOffset, "of a .pth file's object, in bytes");
  visit("max-opcodes", limits.opcodes, kAny, "pickle instructions");
  visit("max-leaves", limits.leaves, kAny, "values and tensors beneath the top");
  visit("max-zip-entries", limits.zip_entries, kOffset, "records of a zip file");
}

}  // namespace

void describe(WeightLimits& limits, OptionSet& options) {
  options.group("Limits of what a file may ask for");
  for_each_option(limits, [&](const char* flag, std::int64_t& field, std::int64_t,
                              const char* help) { options.add(flag, field, help); });
}

void validate(const WeightLimits& limits) {
  for_each_option(limits, [](const char* flag, std::int64_t field, std::int64_t largest,
                             const char*) { require_range(flag, field, 1, largest); });
}

}  // namespace intr
