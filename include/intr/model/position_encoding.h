// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "intr/core/image_size.h"

namespace intr {

/// The feature cells of a batch. Each picture covers a rectangle of them at the top left.
struct FeatureGrid {
  std::int64_t height = 0;       ///< h
  std::int64_t width = 0;        ///< w
  std::vector<ImageSize> valid;  ///< cells of each picture that are not padding; at least 1 x 1

  bool any_padded() const noexcept;
};

/// @param padded size of the batch's pictures in pixels, padding included
/// @throws InternalError if a picture is empty or larger than that
FeatureGrid feature_grid_of(const std::vector<ImageSize>& sizes, ImageSize padded, ImageSize cells);

/// [B, h, w] bool, true where padded.
at::Tensor feature_padding(const FeatureGrid& grid, at::Device device);

/// DETR's normalized 2-D sine encoding (Carion et al., ECCV 2020, appendix A.4): y in the first
/// half of the channels, x in the second; sines at even channels, cosines at odd ones.
/// @param width D  @return [B, h*w, D] float32; [1, h*w, D] if nothing is padded
at::Tensor sine_position(const FeatureGrid& grid, std::int64_t width, at::Device device);

/// DETR's learned encoding: columns in the first half of the channels, rows in the second.
/// @param row_embed, col_embed [50, D/2]  @return [1, h*w, D]
/// @throws UsageError if the grid has more than 50 rows or columns
at::Tensor learned_position(const FeatureGrid& grid, const at::Tensor& row_embed,
                            const at::Tensor& col_embed);

}  // namespace intr
