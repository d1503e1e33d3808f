// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_options.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "intr/attention/geometry.h"
#include "intr/attention/heat_field.h"
#include "intr/core/error.h"
#include "intr/image/palette.h"

namespace intr {

namespace {

void validate_scale(const std::string& scale) {
  if (scale == "shared" || scale == "map" || scale == "sample") return;
  double value = 0;
  const char* end = scale.data() + scale.size();
  if (scale.starts_with("fixed:")) {
    const auto [stop, error] = std::from_chars(scale.data() + 6, end, value);
    if (error == std::errc() && stop == end && value > 0 && value < 1e9) return;
  }
  throw UsageError(fmt::format("'{}' is none of: shared, map, sample, fixed:X", scale), "--scale",
                   "X is a positive multiple of uniform attention, such as fixed:5");
}

}  // namespace

void describe(OverlayOptions& options, OptionSet& set) {
  set.group("What is drawn")
      .add("layout", options.layout,
           "single (overlay), side (photo, overlay) or strip (photo, mean, every head)")
      .add(
          "map", options.map,
          "attention; contrast (the query's attention minus that of the best other class); rollout "
          "(attention followed back through the encoder) or value (length of what each place gives "
          "to attention), if intr-attend stored them")
      .add("query", options.query,
           "whose attention: true, predicted, runner-up, all (every stored one), a class, or "
           "class:NAME "
           "for a class that is named like one of these words")
      .add("head", options.head, "mean, all, or numbers joined by commas; strips show all")
      .add("layer", options.layer, "stored decoder layer, by its number in the model; -1 = last")
      .group("How it looks")
      .add("scale", options.scale,
           "value of the last color: shared (99th percentile of the dump), map, sample (their own "
           "peak), or fixed:X, in multiples of uniform attention (of value maps: a length)");
  describe_look(options, set);
}

void describe_look(OverlayOptions& options, OptionSet& set) {
  set.add("style", options.style, "clean, or reference (the published recipe)")
      .add("palette", options.palette,
           "inferno, viridis, cividis, grey or jet; contrast is blue to red")
      .add("opacity", options.opacity, "of the last color over the photo, 0 to 1")
      .add("interpolation", options.interpolation, "between cells: cubic, linear or nearest")
      .add("geometry", options.geometry,
           "receptive (cells where they look) or stretch (grid stretched over the photo)")
      .add("caption", options.caption, "text and color bar around the pictures")
      .add("upright", options.upright, "turn pictures by their EXIF tag; clean style only")
      .group("Files")
      .add(
          "long-side", options.long_side,
          "pixels of each picture's long side; 0 = as stored, but at least 280, and at most 320 in "
          "strips")
      .add("format", options.format, "png or jpeg")
      .add("quality", options.quality, "of jpeg, 1 to 100");
}

void validate(const OverlayOptions& options) {
  require_choice("style", options.style, {"clean", "reference"});
  require_choice("layout", options.layout, {"single", "side", "strip"});
  require_choice("map", options.map, {"attention", "contrast", "rollout", "value"});
  if (options.style == "reference" && options.map != "attention")
    throw UsageError("the published recipe draws attention alone", "--map",
                     "use --style clean for " + options.map);
  require_choice("format", options.format, {"png", "jpeg"});
  require_choice("palette", options.palette, palette_names());
  require_range("opacity", options.opacity, 0.0, 1.0);
  require_range("quality", options.quality, 1, 100);
  if (options.long_side != 0) require_range("long-side", options.long_side, 16, 8192);
  geometry_named(options.geometry);
  interpolation_named(options.interpolation);
  validate_scale(options.scale);
}

}  // namespace intr
