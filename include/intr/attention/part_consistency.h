// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "intr/attention/place_measures.h"

namespace intr {

/// Which visible parts a sample's heads hit: those within a tenth of the box's diagonal of the
/// peak.
struct PartHits {
  std::vector<std::uint8_t> visible;  ///< [K]; empty if the sample has no box or no parts
  std::vector<std::uint8_t> hit;      ///< [N, K]
};
PartHits part_hits(std::span<const PicturePoint> head_peaks, std::span<const PartPoint> parts,
                   const PictureBox& box);

/// Whether a head looks at the same part in all pictures of a class, after EvalProtoPNet's
/// consistency score (Huang et al., ICCV 2023).
class PartConsistency {
 public:
  static constexpr double kReach = 0.1;           ///< of the box's diagonal
  static constexpr std::int64_t kFewest = 5;      ///< samples of a class that show a part
  static constexpr double kConsistentFrom = 0.8;  ///< share of them that the head hits

  PartConsistency(std::int64_t num_heads, std::int64_t num_parts)
      : num_heads_(num_heads), num_parts_(num_parts) {}

  /// Samples without a label (-1) or without hits tell nothing.
  void add(std::int32_t label, const PartHits& hits);
  /// Of each head: 1 if it hits one part in at least 80 % of the class's samples that show it, else
  /// 0; NaN if no part is visible in at least 5 of the class's samples.
  std::vector<double> heads_of(std::int32_t label) const;

 private:
  struct Counts {
    std::vector<std::int64_t> visible;  ///< [K]
    std::vector<std::int64_t> hits;     ///< [N, K]
  };
  std::int64_t num_heads_, num_parts_;
  std::map<std::int32_t, Counts> counts_;
};

/// 1 - E(shares) / ln K: 1 if a head is always nearest to one part, 0 if to all K alike. NaN if K <
/// 2 or a share is NaN. @param shares [K], over parts that are seen
double part_focus(std::span<const double> shares);

}  // namespace intr
