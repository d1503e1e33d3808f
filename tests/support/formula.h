// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace intr::test {

/// Numbers in [-1, 1), multiples of 2^-23, that follow from a name and a seed: tests/golden's
/// scripts make the same ones, so that weights and images need not be stored. SplitMix64 (Steele et
/// al. 2014) that starts at the FNV-1a hash of the name, plus the seed.
inline std::vector<double> units(std::string_view name, std::int64_t count,
                                 std::uint64_t seed = 0) {
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

/// Values of a parameter or buffer, by its name and shape.
inline std::vector<float> formula_weight(const std::string& name,
                                         const std::vector<std::int64_t>& shape,
                                         std::uint64_t seed = 0) {
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
  for (const double unit : units(name, count, seed))
    values.push_back(static_cast<float>(center + scale * unit));
  return values;
}

/// A picture [3, height, width] of 16-pixel color blocks under noise, about as bright and rough as
/// a normalized photograph.
inline std::vector<float> formula_image(const std::string& name, std::int64_t height,
                                        std::int64_t width, std::uint64_t seed = 0) {
  const std::int64_t rows = height / 16 + 1;
  const std::int64_t columns = width / 16 + 1;
  const std::vector<double> blocks = units(name + ".blocks", 3 * rows * columns, seed);
  const std::vector<double> noise = units(name + ".noise", 3 * height * width, seed);
  std::vector<float> values;
  values.reserve(noise.size());
  for (std::int64_t channel = 0; channel < 3; ++channel)
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x) {
        const std::int64_t block = (channel * rows + y / 16) * columns + x / 16;
        values.push_back(static_cast<float>(1.5 * blocks[static_cast<std::size_t>(block)] +
                                            0.5 * noise[values.size()]));
      }
  return values;
}

}  // namespace intr::test
