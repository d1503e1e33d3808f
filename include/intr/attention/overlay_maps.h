// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/overlay_options.h"
#include "intr/attention/overlay_query.h"
#include "intr/attention/sample_maps.h"

namespace intr {

/// A map to draw: of a head or of their mean.
struct ShownMap {
  std::string label;          ///< "mean of heads", "head 3"
  std::vector<float> values;  ///< [h, w], as stored, or the difference of two
  bool is_signed = false;     ///< a difference, or signed maps
};

/// The heads that options name, and their maps. Thread-safe once built.
class MapChoice {
 public:
  /// @throws UsageError if the dump lacks what the options ask for, naming the option of
  /// intr-attend that stores it, or if its maps are signed and cannot be drawn so
  MapChoice(const DumpFacts& facts, const OverlayOptions& options);

  MapField field() const noexcept { return field_; }
  /// Places in facts.heads; -1 is their mean.
  const std::vector<std::int64_t>& heads() const noexcept { return heads_; }
  /// Of a head in file names: "mean", "head3"; of signed maps "attribution".
  std::string short_name(std::int64_t head) const;
  /// Of a head that is no mean, in the published file names: "head_3".
  std::string numbered_name(std::int64_t head) const;
  /// Of a head above pictures: "mean of heads", "head 3"; of signed maps "attribution".
  std::string label(std::int64_t head) const;
  /// A head's map of a query, less that of the other query if the options ask for the contrast.
  ShownMap map(const SampleMaps& maps, const OverlayQuery& query, std::int64_t head) const;
  /// A head's map as it is stored.
  std::vector<float> stored(const SampleMaps& maps, std::int64_t slot, std::int64_t head) const;

 private:
  const DumpFacts* facts_;
  bool contrast_ = false;
  std::int64_t layer_ = 0;           ///< place in facts.layers
  std::vector<std::int64_t> heads_;  ///< places in facts.heads; -1 = their mean
  MapField field_ = MapField::kMap;
};

/// Stored heads that are no mean, as places in facts.heads.
std::vector<std::int64_t> single_heads(const DumpFacts& facts);

/// a - b, value by value.
std::vector<float> difference_of(std::vector<float> a, const std::vector<float>& b);

}  // namespace intr
