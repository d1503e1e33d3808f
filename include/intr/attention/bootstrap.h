// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "intr/attention/score_summary.h"

/// Percentile bootstrap (Efron and Tibshirani 1993, chapter 13): how far means would move if other
/// samples of the same kind had been scored.
namespace intr {

/// Values of units (samples, classes), NaN where one is missing. Units are in a fixed order, in
/// which all sums are made.
class UnitColumns {
 public:
  explicit UnitColumns(std::int64_t num_units) : num_units_(num_units) {}

  /// @param values one a unit. @return the column's number
  std::int64_t add(std::vector<double> values);
  std::int64_t num_units() const noexcept { return num_units_; }
  std::int64_t size() const noexcept { return std::ssize(columns_); }
  std::span<const double> column(std::int64_t number) const;
  /// Mean of the values that are there; NaN if none is.
  double mean(std::int64_t number) const;
  /// Values that are there.
  std::int64_t count(std::int64_t number) const;

 private:
  std::int64_t num_units_;
  std::vector<std::vector<double>> columns_;
};

/// How often each unit was drawn in a replicate, [units]; any thread may ask.
using ReplicateDraws = std::function<std::vector<double>(std::int64_t replicate)>;
/// As many draws as there are units: draw d of replicate r is the high word of u * units, u =
/// Philox of (seed; bootstrap, r, d).
ReplicateDraws philox_draws(std::int64_t num_units, std::int64_t seed);

/// Mean of each column in each replicate, over drawn units with a value: [columns][replicates]; NaN
/// where there is none. The same for any number of threads.
/// @param advance progress, in replicates; never called by two threads at once
/// @param stop    true: make no more replicates. Those that are not made are 0: nothing to show
std::vector<std::vector<double>> replicate_means(
    const UnitColumns& columns, std::int64_t num_replicates, const ReplicateDraws& draws,
    std::int64_t threads, const std::function<void(std::int64_t)>& advance = {},
    const std::function<bool()>& stop = {});

/// Fills in the interval: the 2.5 and 97.5 percentiles of what replicates gave, NaN apart.
void set_interval(Estimate& estimate, std::span<const double> replicates);
/// Mean, counts and interval of a column.
Estimate estimate_of(const UnitColumns& columns, std::int64_t number,
                     std::span<const double> replicates);

}  // namespace intr
