// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/core/formula.h"

namespace intr::test {

using intr::formula_weight;

/// A picture [3, height, width] of 16-pixel color blocks under noise, about as bright and rough as
/// a normalized photograph.
inline std::vector<float> formula_image(const std::string& name, std::int64_t height,
                                        std::int64_t width, std::uint64_t seed = 0) {
  const std::int64_t rows = height / 16 + 1;
  const std::int64_t columns = width / 16 + 1;
  const std::vector<double> blocks = formula_units(name + ".blocks", 3 * rows * columns, seed);
  const std::vector<double> noise = formula_units(name + ".noise", 3 * height * width, seed);
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
