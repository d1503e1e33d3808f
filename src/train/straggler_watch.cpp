// SPDX-License-Identifier: Apache-2.0
#include "intr/train/straggler_watch.h"

#include <algorithm>

namespace intr {
namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

std::vector<Straggler> StragglerWatch::add(std::span<const double> compute_s) {
  times_.resize(compute_s.size(), 0);
  std::vector<Straggler> found;
  if (compute_s.size() < 2) return found;
  const double usual = median({compute_s.begin(), compute_s.end()});
  for (std::size_t rank = 0; rank < compute_s.size(); ++rank) {
    times_[rank] = compute_s[rank] > kMostRatio * usual ? times_[rank] + 1 : 0;
    if (times_[rank] == kTimes) found.push_back({rank, compute_s[rank] / usual});
  }
  return found;
}

}  // namespace intr
