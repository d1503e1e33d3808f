// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "intr/image/image.h"

namespace intr {

/// The published overlay, step by step with OpenCV: the picture at 0.8 of its size, the map
/// stretched over it and normalized to its own range, colors of "jet", blurred twice, half and
/// half.
struct ReferenceOverlay {
  Image picture;
  bool constant_map = false;  ///< all values are equal; drawn as level 0
};
/// @param map [h, w], finite
ReferenceOverlay draw_reference_overlay(const Image& photo, std::span<const float> map,
                                        ImageSize grid);

/// The picture as that style shows it beside overlays: at 0.8 of its size.
Image reduce_for_reference(const Image& photo);

}  // namespace intr
