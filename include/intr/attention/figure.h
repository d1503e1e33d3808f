// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/image/image.h"
#include "intr/image/palette.h"

namespace intr {

/// A picture with a word above it.
struct Tile {
  Image picture;
  std::string label;
};

/// Tiles side by side.
struct TileRow {
  std::vector<Tile> tiles;
  std::string title{};  ///< above them; empty: none
};

/// The legend of a color scale: the palette and what stands below its ends and its middle.
struct ColorBar {
  Palette palette;
  std::string low, high;
  std::string middle{};  ///< empty: none
};

/// What stands above the tiles of a figure.
struct Caption {
  std::string title;
  std::string detail;
  Color mark{};        ///< color of the small square before the title: right, wrong or unknown
  std::string note{};  ///< at the bottom; empty: none
};

/// Rows of tiles on white, caption above, color bars side by side below. Letters that are not ASCII
/// are drawn as "?".
Image compose_figure(const std::vector<TileRow>& rows, const Caption& caption,
                     const std::vector<ColorBar>& bars);

/// Tiles in a row without any text, tops aligned, black below shorter ones and `gap` pixels
/// between.
Image concatenate(const std::vector<Image>& pictures, std::int64_t gap);
/// The same downwards: left sides aligned, black beside narrower ones.
Image stack(const std::vector<Image>& pictures);

}  // namespace intr
