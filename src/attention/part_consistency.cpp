// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/part_consistency.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "intr/attention/map_measures.h"

namespace intr {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

PartHits part_hits(std::span<const PicturePoint> head_peaks, std::span<const PartPoint> parts,
                   const PictureBox& box) {
  PartHits hits;
  for (const PartPoint& part : parts) hits.visible.push_back(part.visible ? 1 : 0);
  const double reach = PartConsistency::kReach * box.diagonal();
  for (const PicturePoint& peak : head_peaks)
    for (const PartPoint& part : parts)
      hits.hit.push_back(part.visible && distance(peak, part.point) <= reach ? 1 : 0);
  return hits;
}

void PartConsistency::add(std::int32_t label, const PartHits& hits) {
  if (label < 0 || hits.visible.empty()) return;
  Counts& counts = counts_[label];
  counts.visible.resize(static_cast<std::size_t>(num_parts_));
  counts.hits.resize(static_cast<std::size_t>(num_heads_ * num_parts_));
  for (std::size_t k = 0; k < counts.visible.size(); ++k) counts.visible[k] += hits.visible[k];
  for (std::size_t i = 0; i < counts.hits.size(); ++i) counts.hits[i] += hits.hit[i];
}

std::vector<double> PartConsistency::heads_of(std::int32_t label) const {
  std::vector<double> consistent(static_cast<std::size_t>(num_heads_), kNaN);
  const auto found = counts_.find(label);
  if (found == counts_.end()) return consistent;
  const Counts& counts = found->second;
  for (std::size_t n = 0; n < consistent.size(); ++n) {
    for (std::size_t k = 0; k < counts.visible.size(); ++k) {
      if (counts.visible[k] < kFewest) continue;
      const auto hits = static_cast<double>(counts.hits[n * counts.visible.size() + k]);
      const double share = hits / static_cast<double>(counts.visible[k]);
      const double own = share >= kConsistentFrom ? 1 : 0;
      consistent[n] = std::isnan(consistent[n]) ? own : std::max(consistent[n], own);
    }
  }
  return consistent;
}

double part_focus(std::span<const double> shares) {
  const auto is_nan = [](double share) { return std::isnan(share); };
  if (shares.size() < 2 || std::any_of(shares.begin(), shares.end(), is_nan)) return kNaN;
  return 1 - map_entropy(shares) / std::log(static_cast<double>(shares.size()));
}

}  // namespace intr
