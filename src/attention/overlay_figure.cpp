// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_figure.h"

#include <algorithm>

#include "intr/attention/clean_style.h"
#include "intr/attention/contour.h"
#include "intr/attention/overlay_caption.h"
#include "intr/image/display.h"

namespace intr {

namespace {

constexpr std::int64_t kLeastSide = 280;  // smaller pictures show nothing to the eye
constexpr std::int64_t kStripSide = 320;

}  // namespace

OverlayFigure::OverlayFigure(const DumpFacts& facts, const OverlayOptions& options, MapField field)
    : facts_(&facts),
      options_(options),
      scale_(facts, options, field),
      palette_(palette_named(options.palette)),
      signed_palette_(palette_named("diverging")) {}

Image OverlayFigure::shown_photo(const Image& photo) const {
  const std::int64_t longest = std::max(photo.size.height, photo.size.width);
  std::int64_t side = options_.long_side;
  if (side == 0) {
    // Small pictures grow by a whole factor, which keeps their pixels square.
    side = longest >= kLeastSide ? longest : longest * ((kLeastSide + longest - 1) / longest);
    if (shows_every_head(options_)) side = std::min(side, std::max(kStripSide, kLeastSide));
  }
  return side == longest ? photo : scaled_for_display(photo, side);
}

Image OverlayFigure::overlay(const DumpSample& sample, const Image& photo, const ShownMap& map,
                             double scale) const {
  const CellGrid grid = make_cell_grid(sample.grid, sample.resized_size, facts_->stride,
                                       geometry_named(options_.geometry));
  const CleanStyle style{.palette = map.is_signed ? signed_palette_ : palette_,
                         .scale = scale,
                         .opacity = options_.opacity,
                         .signed_values = map.is_signed,
                         .interpolation = interpolation_named(options_.interpolation)};
  std::vector<float> values = map.values;
  const auto factor = static_cast<float>(scale_.unit(sample.grid));
  for (float& value : values) value *= factor;
  Image picture = draw_clean_overlay(photo, values, grid, style);
  if (options_.contour && !map.is_signed) draw_contours(picture, values, grid);
  return picture;
}

TileRow OverlayFigure::tiles_of(const DumpSample& sample, const Image& photo, const MapRow& row,
                                std::span<const ShownMap> measured) const {
  const bool turned = options_.upright && sample.orientation_applied == 0;
  const auto finish = [&](Image image) {
    return turned ? upright(std::move(image), sample.orientation) : image;
  };
  TileRow tiles{{}, row.title};
  if (options_.layout != "single" && options_.layout != "contrast")
    tiles.tiles.push_back({finish(photo), "photo"});
  for (const ShownMap& map : row.maps)
    tiles.tiles.push_back(
        {finish(overlay(sample, photo, map, scale_.of(sample.grid, measured, map))), map.label});
  return tiles;
}

/// One of each kind of values, but none where several maps of the kind have scales of their own.
std::vector<ColorBar> OverlayFigure::bars_of(const DumpSample& sample,
                                             const std::vector<MapRow>& rows,
                                             std::span<const ShownMap> measured) const {
  std::vector<ColorBar> bars;
  for (const bool is_signed : {false, true}) {
    std::vector<const ShownMap*> maps;
    for (const MapRow& row : rows)
      for (const ShownMap& map : row.maps)
        if (map.is_signed == is_signed) maps.push_back(&map);
    if (maps.empty() || (maps.size() > 1 && !scale_.is_one_for_all())) continue;
    const std::string end = scale_.end_text(scale_.of(sample.grid, measured, *maps.front()));
    if (is_signed)
      bars.push_back({signed_palette_, "-" + end, end, facts_->is_signed ? "0" : ""});
    else
      bars.push_back({palette_, "0", end});
  }
  return bars;
}

Image OverlayFigure::compose(const DumpSample& sample, const Image& photo,
                             const std::vector<MapRow>& rows, std::span<const ShownMap> measured,
                             const std::string& shown) const {
  std::vector<TileRow> tiles;
  for (const MapRow& row : rows) tiles.push_back(tiles_of(sample, photo, row, measured));
  if (options_.caption) {
    Caption caption = caption_of(*facts_, sample, shown);
    if (options_.contour) caption.note = "outlines hold 50 % (white) and 90 % (blue) of the map";
    if (facts_->is_signed) caption.note = "attribution: red for the class, blue against it";
    return compose_figure(tiles, caption, bars_of(sample, rows, measured));
  }
  std::vector<Image> lines;
  for (TileRow& row : tiles) {
    std::vector<Image> pictures;
    for (Tile& tile : row.tiles) pictures.push_back(std::move(tile.picture));
    lines.push_back(concatenate(pictures, 0));
  }
  return lines.size() == 1 ? std::move(lines.front()) : stack(lines);
}

}  // namespace intr
