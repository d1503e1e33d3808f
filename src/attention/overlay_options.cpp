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

[[noreturn]] void refuse(const std::string& what, const char* flag, const std::string& next) {
  throw UsageError(what, flag, next);
}

/// The tree of the published tool has its own sizes, format and queries.
void validate_reference_layout(const OverlayOptions& options) {
  if (options.style != "reference")
    refuse("the published files are in the published style", "--layout", "add --style reference");
  if (options.format != "png")
    refuse("the published files are PNG", "--format", "drop it, or use another --layout");
  if (options.long_side != 0)
    refuse("the published files have 0.8 of the photo's size", "--long-side",
           "drop it, or use another --layout");
  if (options.query != "true" && options.query != "all")
    refuse("the published files are those of the true class and of the stored queries", "--query",
           "use true (the former alone) or all (both)");
}

void validate_layout(const OverlayOptions& options) {
  if (options.layout == "reference") validate_reference_layout(options);
  if (options.style == "reference") {
    if (options.map != "attention")
      refuse("the published recipe draws attention alone", "--map",
             "use --style clean for " + options.map);
    if (options.layout == "grid" || options.layout == "contrast")
      refuse("the published recipe has no such figure", "--layout",
             "use --style clean for " + options.layout);
    if (options.contour)
      refuse("the published recipe has no outlines", "--contour", "use --style clean");
  }
  if (options.layout == "contrast" && options.map != "attention")
    refuse("compares the attention of two queries", "--layout",
           "use --map attention, or another --layout for " + options.map);
}

}  // namespace

bool shows_every_head(const OverlayOptions& options) {
  return options.layout == "strip" || options.layout == "grid" || options.layout == "reference";
}

void settle_query(OverlayOptions& options, bool query_was_given, bool is_signed) {
  if (!query_was_given && (options.layout == "grid" || options.layout == "reference" || is_signed))
    options.query = "all";
}

void describe(OverlayOptions& options, OptionSet& set) {
  set.group("What is drawn")
      .add(
          "layout", options.layout,
          "single (overlay), side (photo, overlay), strip (photo, mean, every head), grid (a strip "
          "for each query), contrast (the query, the best other class, and what the first has "
          "more), or reference (the files of the published tool, with --style reference)")
      .add(
          "map", options.map,
          "attention; contrast (the query's attention minus that of the best other class); rollout "
          "(attention followed back through the encoder) or value (length of what each place gives "
          "to attention), if intr-attend stored them")
      .add("query", options.query,
           "whose attention: true, predicted, runner-up, all (every stored one), a class, or "
           "class:NAME for a class that is named like one of these words. Without it, grid and "
           "reference draw all; reference takes true or all")
      .add("head", options.head,
           "mean, all, or numbers joined by commas; strip, grid and reference show all")
      .add("layer", options.layer, "stored decoder layer, by its number in the model; -1 = last")
      .group("How it looks")
      .add("scale", options.scale,
           "value of the last color: shared (99th percentile of the dump), map, sample (their own "
           "peak), or fixed:X, in multiples of uniform attention (of value maps: a length; of "
           "signed maps: their own values, from -X to X)");
  describe_look(options, set);
}

void describe_look(OverlayOptions& options, OptionSet& set) {
  set.add("style", options.style, "clean, or reference (the published recipe)")
      .add("palette", options.palette,
           "inferno, viridis, cividis, grey or jet; contrast and signed maps are blue to red")
      .add("opacity", options.opacity, "of the last color over the photo, 0 to 1")
      .add("interpolation", options.interpolation, "between cells: cubic, linear or nearest")
      .add("geometry", options.geometry,
           "receptive (cells where they look) or stretch (grid stretched over the photo)")
      .add(
          "contour", options.contour,
          "outline the fewest cells that hold 50 % (white) and 90 % (blue) of the map; clean style "
          "only")
      .add("caption", options.caption, "text and color bar around the pictures")
      .add("upright", options.upright, "turn pictures by their EXIF tag; clean style only")
      .group("Files")
      .add(
          "long-side", options.long_side,
          "pixels of each picture's long side; 0 = as stored, but at least 280, and at most 320 in "
          "strips")
      .add("format", options.format, "png, jpeg or webp")
      .add("quality", options.quality, "of jpeg and webp, 1 to 100");
}

void validate(const OverlayOptions& options) {
  require_choice("style", options.style, {"clean", "reference"});
  require_choice("layout", options.layout,
                 {"single", "side", "strip", "grid", "contrast", "reference"});
  require_choice("map", options.map, {"attention", "contrast", "rollout", "value"});
  validate_layout(options);
  if (options.contour && options.map == "contrast")
    throw UsageError("a difference of two maps has no share of its sum", "--contour",
                     "drop it, or use --layout contrast, which outlines both maps");
  require_choice("format", options.format, {"png", "jpeg", "webp"});
  require_choice("palette", options.palette, palette_names());
  require_range("opacity", options.opacity, 0.0, 1.0);
  require_range("quality", options.quality, 1, 100);
  if (options.long_side != 0) require_range("long-side", options.long_side, 16, 8192);
  geometry_named(options.geometry);
  interpolation_named(options.interpolation);
  validate_scale(options.scale);
}

}  // namespace intr
