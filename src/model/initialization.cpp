// SPDX-License-Identifier: Apache-2.0
#include "intr/model/initialization.h"

#include <ATen/ops/empty.h>

#include <cmath>
#include <numbers>

#include "intr/core/philox.h"
#include "intr/model/parameter_table.h"

namespace intr {
namespace {

/// The block of random words of one value of one tensor.
std::array<std::uint64_t, 4> draw(std::uint64_t seed, std::int64_t tensor, std::int64_t element) {
  return philox4x64({static_cast<std::uint64_t>(Purpose::kInitialization), 0,
                     static_cast<std::uint64_t>(tensor), static_cast<std::uint64_t>(element)},
                    {seed, 0});
}

/// Box and Muller 1958: a normal number from two words.
double normal(const std::array<std::uint64_t, 4>& words) {
  const double radius = std::sqrt(-2.0 * std::log1p(-unit_from_bits(words[0])));
  return radius * std::cos(2 * std::numbers::pi * unit_from_bits(words[1]));
}

double value(const InitialValues& initial, std::uint64_t seed, std::int64_t element) {
  if (initial.kind == InitialValues::Kind::kConstant) return initial.center;
  const std::array<std::uint64_t, 4> words = draw(seed, initial.draws_of, element);
  const double unit = initial.kind == InitialValues::Kind::kNormal
                          ? normal(words)
                          : 2 * unit_from_bits(words[0]) - 1;
  return initial.center + initial.scale * unit;
}

}  // namespace

TensorMap initialize_from_scratch(const ModelConfig& config, std::uint64_t seed) {
  TensorMap tensors;
  for (const ParameterRow& row : parameter_table(config)) {
    const at::Tensor tensor = at::empty(row.shape, at::kFloat);
    auto* out = tensor.data_ptr<float>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i)
      out[i] = static_cast<float>(value(row.initial, seed, i));
    tensors.emplace(row.name, tensor);
  }
  return tensors;
}

}  // namespace intr
