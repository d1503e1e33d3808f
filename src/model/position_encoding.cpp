// SPDX-License-Identifier: Apache-2.0
#include "intr/model/position_encoding.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <fmt/format.h>

#include <algorithm>
#include <numbers>

#include "intr/core/error.h"
#include "intr/core/feature_cells.h"
#include "intr/model/parameter_table.h"

namespace intr {
namespace {

constexpr float kTwoPi = static_cast<float>(2 * std::numbers::pi);

/// Which of `cells` rows (or columns) hold pixels of each picture. @return [B, cells] bool
at::Tensor inside(const std::vector<std::int64_t>& valid, std::int64_t cells) {
  at::Tensor result = at::empty({static_cast<std::int64_t>(valid.size()), cells}, at::kBool);
  auto* out = result.data_ptr<bool>();
  for (const std::int64_t count : valid)
    for (std::int64_t i = 0; i < cells; ++i) *out++ = i < count;
  return result;
}

/// Position of each row (or column): the valid cells up to it over all valid ones, times 2 pi.
/// @return [B, cells] float32
at::Tensor coordinates(const std::vector<std::int64_t>& valid, std::int64_t cells) {
  at::Tensor result = at::empty({static_cast<std::int64_t>(valid.size()), cells}, at::kFloat);
  auto* out = result.data_ptr<float>();
  for (const std::int64_t count : valid) {
    const float last = static_cast<float>(count) + 1e-6F;
    for (std::int64_t i = 0; i < cells; ++i)
      *out++ = static_cast<float>(std::min(i + 1, count)) / last * kTwoPi;
  }
  return result;
}

/// Few enough numbers that the copy takes them at once and waits for nothing.
at::Tensor sent(const at::Tensor& few, at::Device device) {
  return few.to(device, /*non_blocking=*/true);
}

/// Sines and cosines of a coordinate. @param coordinate [...]  @return [..., features]
at::Tensor encode(const at::Tensor& coordinate, std::int64_t features) {
  const at::Tensor pair = at::arange(features / 2, coordinate.options());
  const at::Tensor wavelength =
      at::pow(10000.0, pair * 2 / static_cast<double>(features));  // [features / 2]
  const at::Tensor angle = coordinate.unsqueeze(-1) / wavelength;
  return at::stack({angle.sin(), angle.cos()}, -1).flatten(-2);
}

std::vector<std::int64_t> sides(const FeatureGrid& grid, std::int64_t ImageSize::*side) {
  if (!grid.any_padded()) return {grid.valid.at(0).*side};
  std::vector<std::int64_t> result;
  for (const ImageSize& valid : grid.valid) result.push_back(valid.*side);
  return result;
}

}  // namespace

bool FeatureGrid::any_padded() const noexcept {
  return std::any_of(valid.begin(), valid.end(), [this](const ImageSize& cells) {
    return cells.height < height || cells.width < width;
  });
}

FeatureGrid feature_grid_of(const std::vector<ImageSize>& sizes, ImageSize padded,
                            ImageSize cells) {
  FeatureGrid grid{cells.height, cells.width, {}};
  for (const ImageSize& size : sizes) {
    if (size.height < 1 || size.width < 1 || size.height > padded.height ||
        size.width > padded.width)
      throw InternalError(fmt::format("a picture of {}x{} pixels in a batch of {}x{}", size.height,
                                      size.width, padded.height, padded.width));
    grid.valid.push_back(valid_grid(size, padded, cells));
  }
  return grid;
}

at::Tensor feature_padding(const FeatureGrid& grid, at::Device device) {
  const auto batch = static_cast<std::int64_t>(grid.valid.size());
  at::Tensor padding = at::empty({batch, grid.height, grid.width}, at::kBool);
  auto* out = padding.data_ptr<bool>();
  for (const ImageSize& valid : grid.valid)
    for (std::int64_t i = 0; i < grid.height; ++i)
      for (std::int64_t j = 0; j < grid.width; ++j) *out++ = i >= valid.height || j >= valid.width;
  return sent(padding, device);
}

at::Tensor sine_position(const FeatureGrid& grid, std::int64_t width, at::Device device) {
  const std::vector<std::int64_t> rows = sides(grid, &ImageSize::height);
  const std::vector<std::int64_t> columns = sides(grid, &ImageSize::width);
  const auto batch = static_cast<std::int64_t>(rows.size());
  const std::int64_t half = width / 2;
  const at::Tensor y = encode(sent(coordinates(rows, grid.height), device), half);    // [B, h, D/2]
  const at::Tensor x = encode(sent(coordinates(columns, grid.width), device), half);  // [B, w, D/2]
  // A column outside the picture has no valid cell to count: all its rows stay at 0.
  const at::Tensor zero = encode(y.new_zeros({1}), half);  // [1, D/2]
  const at::Tensor in_row = sent(inside(rows, grid.height), device).view({batch, -1, 1, 1});
  const at::Tensor in_column = sent(inside(columns, grid.width), device).view({batch, 1, -1, 1});
  const at::Tensor by_row = at::where(in_column, y.unsqueeze(2), zero);  // [B, h, w, D/2]
  const at::Tensor by_column = at::where(in_row, x.unsqueeze(1), zero);  // [B, h, w, D/2]
  return at::cat({by_row, by_column}, -1).flatten(1, 2);
}

at::Tensor learned_position(const FeatureGrid& grid, const at::Tensor& row_embed,
                            const at::Tensor& col_embed) {
  if (grid.height > kLearnedPositions || grid.width > kLearnedPositions)
    throw UsageError(fmt::format("the pictures have {}x{} feature cells; learned positions end at "
                                 "{} rows and columns",
                                 grid.height, grid.width, kLearnedPositions),
                     "--position-embedding learned", "use sine, or a smaller --image-size");
  const std::int64_t half = row_embed.size(1);
  const at::Tensor column = col_embed.slice(0, 0, grid.width).unsqueeze(0);  // [1, w, D/2]
  const at::Tensor row = row_embed.slice(0, 0, grid.height).unsqueeze(1);    // [h, 1, D/2]
  return at::cat({column.expand({grid.height, grid.width, half}),
                  row.expand({grid.height, grid.width, half})},
                 -1)
      .view({1, grid.height * grid.width, 2 * half});
}

}  // namespace intr
