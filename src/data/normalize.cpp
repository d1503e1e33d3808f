// SPDX-License-Identifier: Apache-2.0
#include "intr/data/normalize.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "intr/core/error.h"

namespace intr {
namespace {

using Table = std::array<std::array<float, 256>, 3>;

Table make_table() {
  Table table{};
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t value = 0; value < 256; ++value) {
      const float unit = static_cast<float>(value) / 255.0F;
      table[channel][value] = (unit - kImageMean[channel]) / kImageDeviation[channel];
    }
  }
  return table;
}

}  // namespace

void normalize_into(const MicroBatch& batch, std::span<float> out) {
  static const Table table = make_table();
  const auto padded_row = static_cast<std::size_t>(batch.padded.width) * 3;
  const std::size_t picture = padded_row * static_cast<std::size_t>(batch.padded.height);
  if (out.size() != picture * batch.sizes.size()) {
    throw InternalError(
        fmt::format("{} floats for {} pictures of {}", out.size(), batch.sizes.size(), picture));
  }
  for (std::size_t image = 0; image < batch.sizes.size(); ++image) {
    const ImageSize size = batch.sizes[image];
    const auto row_values = static_cast<std::size_t>(size.width) * 3;
    const std::uint8_t* source = batch.pixels.data() + batch.offsets[image];
    float* target = out.data() + image * picture;
    for (std::int64_t row = 0; row < size.height; ++row) {
      for (std::size_t x = 0; x < row_values; x += 3) {
        target[x] = table[0][source[x]];
        target[x + 1] = table[1][source[x + 1]];
        target[x + 2] = table[2][source[x + 2]];
      }
      std::fill(target + row_values, target + padded_row, 0.0F);
      source += row_values;
      target += padded_row;
    }
    std::fill(target, out.data() + (image + 1) * picture, 0.0F);
  }
}

}  // namespace intr
