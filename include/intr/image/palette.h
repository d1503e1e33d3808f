// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace intr {

using Color = std::array<std::uint8_t, 3>;  ///< red, green, blue
using Palette = std::array<Color, 256>;     ///< colors of the levels 0 to 255

/// "inferno", "viridis", "cividis", "grey" and "jet".
const std::vector<std::string>& palette_names();
/// OpenCV's table of that name; "diverging" is blue, white, red for signed values. @throws
/// UsageError
Palette palette_named(const std::string& name);

}  // namespace intr
