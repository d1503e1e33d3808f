// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/attention/photo_source.h"
#include "intr/attention/sample_loop.h"

namespace intr {

/// What a gallery shows.
struct GalleryOptions {
  std::string out{};        ///< folder; made if it is not there
  std::string title{};      ///< of the page; "" = from the split
  std::int64_t layer = -1;  ///< stored decoder layer, by its number in the model; -1 = last
  bool any_image = false;   ///< see PhotoOptions
  std::int64_t photo_side =
      320;  ///< long side of the photos, in pixels; smaller ones stay as they are
  std::string queries =
      "verdict";             ///< "verdict": true class and runner-up; "all": every stored one
  std::string scores{};      ///< CSV of numbers by sample id, see read_gallery_scores
  std::string report{};      ///< address of intr-score's report.html, as seen from `out`; "" = none
  bool single_file = false;  ///< pictures and maps stand in index.html
  std::uint64_t single_file_limit = 400'000'000;  ///< bytes of pictures and maps in it
};

/// Writes index.html and chunk-0000.js, …: a folder that opens in a browser from the disk, without
/// a network. The browser draws the overlays. index.html comes last.
/// @return samples whose picture or maps could not be read; the page says so in their place
/// @throws UsageError if a single file would become too large; nothing is written then
std::vector<SampleFailure> write_gallery(const MapReader& reader, const PhotoSource& photos,
                                         std::span<const std::int64_t> rows,
                                         const GalleryOptions& options, const LoopControl& control);

}  // namespace intr
