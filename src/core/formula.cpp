// SPDX-License-Identifier: Apache-2.0
#include "intr/core/formula.h"

#include <cmath>

namespace intr {

std::vector<double> formula_units(std::string_view name, std::int64_t count, std::uint64_t seed) {
  std::uint64_t key = 14695981039346656037U;
  for (const char c : name) key = (key ^ static_cast<unsigned char>(c)) * 1099511628211U;
  key += seed;
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 1; i <= static_cast<std::uint64_t>(count); ++i) {
    std::uint64_t z = key + i * 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    z = z ^ (z >> 31);
    values.push_back(static_cast<double>(z >> 40) * 0x1p-23 - 1);
  }
  return values;
}

std::vector<float> formula_weight(const std::string& name, const std::vector<std::int64_t>& shape,
                                  std::uint64_t seed) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  double center = 0;
  double scale = 0.125;  // biases and running means
  if (shape.size() == 4) {
    scale = std::sqrt(2 / static_cast<double>(count / shape[0]));
  } else if (shape.size() == 2) {
    const double gain = name.ends_with("in_proj_weight") ? 27 : 3;
    scale = name.ends_with("_embed.weight") ? 1 : std::sqrt(gain / static_cast<double>(shape[1]));
  } else if (name.ends_with("running_var")) {
    center = 1;
    scale = 0.5;
  } else if (name.ends_with("weight")) {
    center = 1;
    scale = 0.25;
  }
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(count));
  for (const double unit : formula_units(name, count, seed))
    values.push_back(static_cast<float>(center + scale * unit));
  return values;
}

}  // namespace intr
