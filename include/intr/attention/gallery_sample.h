// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/sample_loop.h"
#include "intr/attention/sample_maps.h"

namespace intr {

/// The stored queries of a sample that a page shows.
struct ShownQueries {
  bool own = false;        ///< the true class's (without a label: the best one's) is stored
  bool runner_up = false;  ///< the runner-up's is stored
  /// First that of the true class, then the runner-up's, then the others as stored.
  std::vector<std::int64_t> slots = {};

  /// Those beside the true class and the runner-up.
  std::int64_t further() const { return std::ssize(slots) - (own ? 1 : 0) - (runner_up ? 1 : 0); }
};

/// @param every false: no further ones
ShownQueries shown_queries(const DumpSample& sample, bool every);

/// How a sample is written.
struct GallerySampleOptions {
  std::int64_t layer = 0;         ///< place among the stored layers
  std::int64_t photo_side = 320;  ///< long side, in pixels; smaller photos stay as they are
  bool any_image = false;         ///< see PhotoOptions
};

/// A sample's entry in a chunk, as JSON without free text: photo, maps as bytes with the peak of
/// each, best classes; and the value maps, where the inputs hold them.
std::string gallery_sample(const SampleInputs& inputs, const SampleMaps& maps,
                           const DumpFacts& facts, const ShownQueries& shown,
                           const GallerySampleOptions& options);

/// Bytes that the maps take in a sample's entry.
std::uint64_t gallery_map_bytes(const DumpFacts& facts, const DumpSample& sample, bool every_query);

}  // namespace intr
