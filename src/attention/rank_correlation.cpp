// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/rank_correlation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace intr {

namespace {

/// Ranks counted from 0; equal values get the mean of theirs.
std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t at) { return values[at]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first + 1;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    const double rank = static_cast<double>(first + end - 1) / 2;
    for (; first < end; ++first) ranks[order[first]] = rank;
  }
  return ranks;
}

}  // namespace

double rank_correlation(std::span<const double> a, std::span<const double> b) {
  std::vector<double> left, right;
  for (std::size_t at = 0; at < std::min(a.size(), b.size()); ++at)
    if (std::isfinite(a[at]) && std::isfinite(b[at])) {
      left.push_back(a[at]);
      right.push_back(b[at]);
    }
  const std::vector<double> x = ranks_of(left), y = ranks_of(right);
  const double mean = (static_cast<double>(x.size()) - 1) / 2;
  double both = 0, of_x = 0, of_y = 0;
  for (std::size_t at = 0; at < x.size(); ++at) {
    both += (x[at] - mean) * (y[at] - mean);
    of_x += (x[at] - mean) * (x[at] - mean);
    of_y += (y[at] - mean) * (y[at] - mean);
  }
  if (of_x == 0 || of_y == 0) return std::numeric_limits<double>::quiet_NaN();
  return both / std::sqrt(of_x * of_y);
}

}  // namespace intr
