// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "intr/attention/map_block.h"

namespace intr {

/// What a dump says of all its maps together: least and largest sum, and what its shared color
/// scales end with.
class MapStatistics {
 public:
  /// One stored field of a sample, already checked.
  void add(const DumpFacts& facts, MapField field, std::span<const float> values, ImageSize grid);
  /// Writes the figures of all that was added into `facts`. To be called once, at the end.
  void fill(DumpFacts& facts);

 private:
  std::vector<float> peaks_, contrasts_, rollout_peaks_, value_peaks_;
  SumRange sums_;
  bool any_sums_ = false;
};

}  // namespace intr
