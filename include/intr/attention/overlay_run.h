// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/attention/overlay_options.h"
#include "intr/attention/photo_source.h"
#include "intr/attention/sample_loop.h"

namespace intr {

/// Where overlays go.
struct OverlayRunOptions {
  std::string out{};       ///< folder; made if it is not there
  bool replace = false;    ///< draw again what is there, also by another recipe
  bool any_image = false;  ///< see PhotoOptions
};

struct OverlayRunResult {
  std::int64_t drawn = 0;
  std::int64_t kept = 0;  ///< pictures that were there already
  std::vector<SampleFailure> failures;
};

/// Draws samples into OUT/CLASS/…, every file by temporary name and rename. The recipe stands in
/// OUT/render.json: with the same recipe existing pictures are kept.
/// @throws UsageError if the folder holds pictures of another recipe, naming what differs
OverlayRunResult draw_overlays(const MapReader& reader, const PhotoSource& photos,
                               std::span<const std::int64_t> rows, const OverlayOptions& overlay,
                               const OverlayRunOptions& options, const LoopControl& control);

/// Everything that decides a picture's bytes.
nlohmann::ordered_json overlay_recipe(const DumpFacts& facts, const OverlayOptions& overlay);

}  // namespace intr
