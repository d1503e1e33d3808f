// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "intr/image/image.h"

namespace intr {

/// The picture as the published style shows it: at 0.8 of its size.
Image reduce_for_reference(const Image& photo);

/// The published overlay, step by step with OpenCV: the map stretched over the reduced picture and
/// normalized to its own range, colors of "jet", blurred twice, half and half.
struct ReferenceOverlay {
  Image picture;
  bool constant_map = false;  ///< all values are equal; drawn as level 0
};
/// @param reduced what reduce_for_reference() gave
/// @param map     [h, w], finite
ReferenceOverlay draw_reference_overlay(const Image& reduced, std::span<const float> map,
                                        ImageSize grid);

}  // namespace intr
