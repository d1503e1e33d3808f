// SPDX-License-Identifier: Apache-2.0
#include "counted_draws.h"

#include <array>
#include <cmath>
#include <numbers>

namespace intr {
namespace {

/// The block of random words of one value of one tensor.
std::array<std::uint64_t, 4> draw(std::uint64_t seed, Purpose purpose, std::int64_t tensor,
                                  std::int64_t element) {
  return philox4x64({static_cast<std::uint64_t>(purpose), 0, static_cast<std::uint64_t>(tensor),
                     static_cast<std::uint64_t>(element)},
                    {seed, 0});
}

}  // namespace

double normal_draw(std::uint64_t seed, Purpose purpose, std::int64_t tensor, std::int64_t element) {
  const std::array<std::uint64_t, 4> words = draw(seed, purpose, tensor, element);
  const double radius = std::sqrt(-2.0 * std::log1p(-unit_from_bits(words[0])));
  return radius * std::cos(2 * std::numbers::pi * unit_from_bits(words[1]));
}

float initial_value(const InitialValues& initial, std::uint64_t seed, std::int64_t element) {
  constexpr Purpose kPurpose = Purpose::kInitialization;
  if (initial.kind == InitialValues::Kind::kConstant) return static_cast<float>(initial.center);
  const double unit =
      initial.kind == InitialValues::Kind::kNormal
          ? normal_draw(seed, kPurpose, initial.draws_of, element)
          : 2 * unit_from_bits(draw(seed, kPurpose, initial.draws_of, element)[0]) - 1;
  return static_cast<float>(initial.center + initial.scale * unit);
}

}  // namespace intr
