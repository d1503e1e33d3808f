// SPDX-License-Identifier: Apache-2.0
#include "intr/train/straggler_watch.h"

#include <algorithm>

#include "intr/core/quantile.h"

namespace intr {

std::vector<Straggler> StragglerWatch::add(std::span<const double> compute_s,
                                           std::span<const double> images) {
  times_.resize(compute_s.size(), 0);
  std::vector<double> seconds, an_image;  // of ranks that had any
  for (std::size_t rank = 0; rank < compute_s.size(); ++rank) {
    if (images[rank] <= 0) continue;
    seconds.push_back(compute_s[rank]);
    an_image.push_back(compute_s[rank] / images[rank]);
  }
  std::vector<Straggler> found;
  if (seconds.size() < 2) return found;
  const double usual = median(seconds), usual_an_image = median(an_image);
  for (std::size_t rank = 0; rank < compute_s.size(); ++rank) {
    const double ratio =
        images[rank] <= 0
            ? 0
            : std::min(compute_s[rank] / usual, compute_s[rank] / images[rank] / usual_an_image);
    times_[rank] = ratio > kMostRatio ? times_[rank] + 1 : 0;
    if (times_[rank] == kTimes) found.push_back({rank, ratio});
  }
  return found;
}

}  // namespace intr
