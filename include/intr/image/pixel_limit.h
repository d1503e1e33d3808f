// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/image/image.h"

namespace intr {

/// Refuses pictures without pixels or with more than kMaxPixels, before memory is taken for them.
/// @throws DataError
void check_pixel_limit(ImageSize size, const std::string& where);

}  // namespace intr
