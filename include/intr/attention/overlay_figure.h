// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "intr/attention/figure.h"
#include "intr/attention/overlay_maps.h"
#include "intr/attention/overlay_scale.h"

namespace intr {

/// Maps side by side.
struct MapRow {
  std::vector<ShownMap> maps;
  std::string title{};
};

/// Makes figures of maps in the clean style. Thread-safe once built.
class OverlayFigure {
 public:
  /// @param facts must outlive this
  OverlayFigure(const DumpFacts& facts, const OverlayOptions& options, MapField field);

  /// The photo in the size of a figure's tiles.
  Image shown_photo(const Image& photo) const;
  /// @param photo    of that size
  /// @param measured the maps that a scale over the figure follows
  /// @param shown    what the caption says of the figure
  Image compose(const DumpSample& sample, const Image& photo, const std::vector<MapRow>& rows,
                std::span<const ShownMap> measured, const std::string& shown) const;

 private:
  Image overlay(const DumpSample& sample, const Image& photo, const ShownMap& map,
                double scale) const;
  TileRow tiles_of(const DumpSample& sample, const Image& photo, const MapRow& row,
                   std::span<const ShownMap> measured) const;
  std::vector<ColorBar> bars_of(const DumpSample& sample, const std::vector<MapRow>& rows,
                                std::span<const ShownMap> measured) const;

  const DumpFacts* facts_;
  OverlayOptions options_;
  OverlayScale scale_;
  Palette palette_, signed_palette_;
};

}  // namespace intr
