// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"

namespace intr {

/// The maps of one sample, by layer, slot and head as stored.
class SampleMaps {
 public:
  /// @param facts must outlive this
  /// @param values [layers, Q, heads, h, w], or [layers, heads, h, w] of kValue, where all slots
  /// have one map
  SampleMaps(const DumpFacts& facts, const DumpSample& sample, std::vector<float> values,
             MapField field = MapField::kMap);

  ImageSize grid() const noexcept { return grid_; }
  /// One head's map, [h, w]. @param layer, slot, head count stored ones
  std::span<const float> head(std::int64_t layer, std::int64_t slot, std::int64_t head) const;
  /// Mean over the stored heads, or the stored mean, [h, w].
  std::vector<float> mean(std::int64_t layer, std::int64_t slot) const;
  /// Stored heads that are no mean, as places in facts.heads.
  const std::vector<std::int64_t>& single_heads() const noexcept { return single_heads_; }

 private:
  const DumpFacts* facts_;
  ImageSize grid_;
  std::vector<float> values_;
  std::vector<std::int64_t> single_heads_;
  std::int64_t mean_head_ = -1;  ///< place of the stored mean; -1 if it is not stored
  std::int64_t num_slots_;
};

/// Place of a layer among the stored ones. @param layer its number in the model; -1 = last stored
/// @throws UsageError naming the option of intr-attend that stores it
std::int64_t find_layer(const DumpFacts& facts, std::int64_t layer);

/// Slot of a sample that holds this class's maps, or -1.
std::int64_t slot_of_class(const DumpSample& sample, std::int32_t class_index);

}  // namespace intr
