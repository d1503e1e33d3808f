// SPDX-License-Identifier: Apache-2.0
#include "intr/data/sample_order.h"

#include <algorithm>
#include <bit>

#include "intr/core/error.h"

namespace intr {

std::uint64_t mix64(std::uint64_t value) noexcept {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

SampleOrder::SampleOrder(std::uint64_t count, std::uint64_t seed, std::uint64_t epoch,
                         std::uint64_t stream)
    : count_(count) {
  if (count == 0) throw InternalError("an order of no samples");
  auto bits = static_cast<unsigned>(std::max(2, static_cast<int>(std::bit_width(count - 1))));
  bits += bits % 2;
  half_bits_ = bits / 2;
  const std::uint64_t base = mix64(mix64(mix64(seed) ^ epoch) ^ stream);
  for (std::size_t round = 0; round < keys_.size(); ++round) keys_[round] = mix64(base ^ round);
}

std::uint64_t SampleOrder::at(std::uint64_t position) const noexcept {
  const std::uint64_t low_half = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t value = position;
  do {
    std::uint64_t left = value >> half_bits_;
    std::uint64_t right = value & low_half;
    for (const std::uint64_t key : keys_) {
      const std::uint64_t next = left ^ (mix64(right ^ key) >> (64 - half_bits_));
      left = right;
      right = next;
    }
    value = (left << half_bits_) | right;
  } while (value >= count_);
  return value;
}

}  // namespace intr
