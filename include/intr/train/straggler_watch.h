// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace intr {

/// A rank that computes slower than the others again and again: all wait for it in every step.
struct Straggler {
  std::size_t rank = 0;
  double ratio = 1;  ///< its time over the median
};

/// Compares how long the ranks compute, without what they wait. A rank may have more images in each
/// step than another, or fewer: it counts as slow only if both its time and its time an image are.
class StragglerWatch {
 public:
  static constexpr std::int64_t kSteps = 100;  ///< that each comparison covers
  static constexpr double kMostRatio = 1.2;    ///< of the median
  static constexpr int kTimes = 3;             ///< in a row

  /// @param compute_s seconds of each rank over the last steps @param images of each rank in them
  /// @return ranks that were too slow the third time in a row; each is told again only after it
  /// kept up once
  std::vector<Straggler> add(std::span<const double> compute_s, std::span<const double> images);

 private:
  std::vector<int> times_;
};

}  // namespace intr
