// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/gallery_scores.h"
#include "intr/attention/map_reader.h"

namespace intr {

/// Samples of a chunk file.
inline constexpr std::int64_t kGalleryChunk = 64;
/// "chunk-0007.js".
std::string gallery_chunk_name(std::int64_t number);

/// Values of the last color where all pictures share one scale, in multiples of uniform attention.
/// Means of heads are flatter than heads, so they have scales of their own.
struct GalleryScales {
  double head = 0, head_contrast = 0;
  double mean = 0, mean_contrast = 0;
  double value = 0;  ///< of value maps: a length, no multiple
};

/// What a page shows of all samples, beside the dump's own columns.
struct GalleryContents {
  std::int64_t layer = 0;  ///< place among the stored layers
  GalleryScales scales{};
  bool every_query = false;  ///< also those beside the true class and the runner-up
  bool chunk_files = true;   ///< false: the chunks stand in the page
  std::vector<GalleryScore> scores{};
};

/// The data of a gallery's index.html: columns of all samples, classes, scales and palettes.
std::string gallery_columns(const MapReader& reader, std::span<const std::int64_t> rows,
                            const GalleryContents& contents);

/// JSON that may stand inside a <script> element: '<' and the two line separators of Unicode are
/// escaped.
std::string script_safe(const std::string& json);

/// RFC 4648, with padding.
std::string base64(std::span<const std::byte> bytes);

}  // namespace intr
