// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/tensor_statistics.h"

#include <algorithm>
#include <cmath>

#include "intr/core/hash.h"
#include "value_conversion.h"

namespace intr {
namespace {

/// Visits every value as a double, a block at a time.
template <class Visit>
void for_each_value(std::span<const std::byte> bytes, DType type, const Visit& visit) {
  const std::size_t block = static_cast<std::size_t>(item_size(type)) << 16;
  for (std::size_t at = 0; at < bytes.size(); at += block)
    for (const double value :
         as_doubles(bytes.subspan(at, std::min(block, bytes.size() - at)), type))
      visit(value);
}

}  // namespace

TensorStatistics statistics_of(std::span<const std::byte> bytes, DType type) {
  TensorStatistics facts;
  facts.xxh3 = xxh3_64(bytes);
  std::int64_t finite = 0;
  double sum = 0;
  for_each_value(bytes, type, [&](double value) {
    if (std::isnan(value)) {
      ++facts.num_nan;
    } else if (std::isinf(value)) {
      ++facts.num_infinite;
    } else {
      ++finite;
      sum += value;
      facts.minimum = std::min(facts.minimum.value_or(value), value);
      facts.maximum = std::max(facts.maximum.value_or(value), value);
    }
  });
  if (finite == 0) return facts;
  const double mean = sum / static_cast<double>(finite);
  double squares = 0;  // in a second pass: a mean far from zero would swallow them in the first
  for_each_value(bytes, type, [&](double value) {
    if (std::isfinite(value)) squares += (value - mean) * (value - mean);
  });
  facts.mean = mean;
  facts.deviation = std::sqrt(squares / static_cast<double>(finite));
  return facts;
}

}  // namespace intr
