// SPDX-License-Identifier: Apache-2.0
#include "intr/core/philox.h"

namespace intr {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t high_product(std::uint64_t a, std::uint64_t b) noexcept {
  return static_cast<std::uint64_t>((static_cast<Wide>(a) * b) >> 64);
}

}  // namespace

std::array<std::uint64_t, 4> philox4x64(std::array<std::uint64_t, 4> counter,
                                        std::array<std::uint64_t, 2> key) noexcept {
  constexpr std::uint64_t kMultiplier0 = 0xD2E7470EE14C6C93;
  constexpr std::uint64_t kMultiplier1 = 0xCA5A826395121157;
  constexpr std::uint64_t kWeyl0 = 0x9E3779B97F4A7C15;
  constexpr std::uint64_t kWeyl1 = 0xBB67AE8584CAA73B;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t high0 = high_product(kMultiplier0, counter[0]);
    const std::uint64_t low0 = kMultiplier0 * counter[0];
    const std::uint64_t high1 = high_product(kMultiplier1, counter[2]);
    const std::uint64_t low1 = kMultiplier1 * counter[2];
    counter = {high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

std::uint64_t draw_bits(std::uint64_t seed, Purpose purpose, std::uint64_t epoch,
                        std::uint64_t sample, std::uint64_t draw) noexcept {
  return philox4x64({static_cast<std::uint64_t>(purpose), epoch, sample, draw}, {seed, 0})[0];
}

double unit_from_bits(std::uint64_t bits) noexcept {
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

std::uint64_t below_from_bits(std::uint64_t bits, std::uint64_t n) noexcept {
  return high_product(bits, n);
}

}  // namespace intr
