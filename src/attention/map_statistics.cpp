// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_statistics.h"

#include <utility>

namespace intr {
namespace {

constexpr double kScaleQuantile = 0.99;

void append(std::vector<float>& all, const std::vector<float>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

double scale_of(std::vector<float>& values) {
  return static_cast<double>(nearest_rank(std::move(values), kScaleQuantile));
}

}  // namespace

void MapStatistics::add(const DumpFacts& facts, MapField field, std::span<const float> values,
                        ImageSize grid) {
  if (field == MapField::kMap) {
    const SumRange sums = sums_of(values, grid.area(), facts.is_signed);
    if (any_sums_)
      sums_.include(sums);
    else
      sums_ = sums;
    any_sums_ = true;
    const BlockPeaks peaks = peaks_of(values, facts, grid);
    append(peaks_, peaks.peak);
    append(contrasts_, peaks.contrast);
  } else if (field == MapField::kRollout) {
    append(rollout_peaks_, peaks_of(values, facts, grid).peak);
  } else if (field == MapField::kValue) {
    append(value_peaks_, value_peaks_of(values, facts, grid));
  }
}

void MapStatistics::fill(DumpFacts& facts) {
  facts.sum_min = static_cast<float>(sums_.least);
  facts.sum_max = static_cast<float>(sums_.most);
  facts.peak_p99 = scale_of(peaks_);
  facts.contrast_p99 = scale_of(contrasts_);
  facts.rollout_p99 = scale_of(rollout_peaks_);
  facts.value_p99 = scale_of(value_peaks_);
}

}  // namespace intr
