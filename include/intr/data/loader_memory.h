// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "intr/data/augmentation.h"
#include "intr/data/data_index.h"

namespace intr {

/// Encoded bytes that a loader reads ahead, at most.
inline constexpr std::size_t kMostReadAhead = std::size_t{32} << 20;

/// Bytes that the parts of a loader may take. Upper bounds, but for what a codec takes for itself.
struct LoaderNeeds {
  std::uint64_t slot = 0;    ///< pixels of the largest micro-batch
  std::uint64_t thread = 0;  ///< one picture on its way: encoded, decoded, between two resizes
  std::uint64_t fixed = 0;   ///< bytes read ahead, and the index
};

/// What training with this transform may need: the `micro_batch` samples that can become largest,
/// over all draws.
LoaderNeeds loader_needs(const DataIndex& index, const Transform& transform,
                         std::int64_t micro_batch);

struct LoaderSize {
  std::int64_t slots = 0;
  std::int64_t threads = 0;
  bool operator==(const LoaderSize&) const = default;
};

/// Fewer slots, then fewer threads, until all fits; at least one of each.
/// @param memory bytes; 0 = no limit
/// @throws EnvironmentError with the arithmetic if not even that fits
LoaderSize fit_loader(const LoaderNeeds& needs, const LoaderSize& wanted, std::uint64_t memory);

}  // namespace intr
