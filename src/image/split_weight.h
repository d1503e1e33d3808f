// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace intr {

/// A weight q (at most 2^22) as two numbers of 16 bits, q = high * 2^kLowBits + low: processors
/// multiply pairs of 16 bits and add the products in 32, two source pixels at once. The sums over a
/// window, sum(high * p) * 2^kLowBits + sum(low * p), are sum(q * p) exactly: that fits 32 bits, so
/// overflow in between is undone.
struct SplitWeight {
  static constexpr int kLowBits = 11;
  std::int16_t low = 0;
  std::int16_t high = 0;

  SplitWeight() = default;
  explicit SplitWeight(std::int32_t weight)
      : low(static_cast<std::int16_t>(weight & ((1 << kLowBits) - 1))),
        high(static_cast<std::int16_t>(weight >> kLowBits)) {}
};

/// Two neighbors' parts as one number of 32 bits, the first below.
inline std::int32_t pair_of(std::int16_t first, std::int16_t second) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(static_cast<std::uint16_t>(second))
                                       << 16 |
                                   static_cast<std::uint16_t>(first));
}

}  // namespace intr
