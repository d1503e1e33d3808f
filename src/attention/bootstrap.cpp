// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "intr/core/error.h"
#include "intr/core/parallel.h"
#include "intr/core/philox.h"
#include "intr/core/quantile.h"

namespace intr {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_value(double x) { return !std::isnan(x); }

/// The columns unit by unit, so that one pass over the units serves all columns: sums run over
/// columns side by side, each in the order of units.
class UnitRows {
 public:
  explicit UnitRows(const UnitColumns& columns)
      : num_columns_(static_cast<std::size_t>(columns.size())),
        num_units_(static_cast<std::size_t>(columns.num_units())),
        values_(num_columns_ * num_units_) {
    std::vector<std::vector<double>> patterns;  // many columns lack the same values
    for (std::size_t c = 0; c < num_columns_; ++c) {
      const std::span<const double> column = columns.column(static_cast<std::int64_t>(c));
      std::vector<double> there(num_units_);
      for (std::size_t u = 0; u < num_units_; ++u) {
        there[u] = std::isnan(column[u]) ? 0.0 : 1.0;
        values_[u * num_columns_ + c] = std::isnan(column[u]) ? 0.0 : column[u];
      }
      const auto known = std::find(patterns.begin(), patterns.end(), there);
      pattern_of_.push_back(static_cast<std::size_t>(known - patterns.begin()));
      if (known == patterns.end()) patterns.push_back(std::move(there));
    }
    num_patterns_ = patterns.size();
    there_.resize(num_patterns_ * num_units_);
    for (std::size_t p = 0; p < num_patterns_; ++p)
      for (std::size_t u = 0; u < num_units_; ++u) there_[u * num_patterns_ + p] = patterns[p][u];
  }

  /// @param times how often each unit was drawn
  std::vector<double> means(std::span<const double> times) const {
    std::vector<double> sums(num_columns_, 0.0), counts(num_patterns_, 0.0);
    for (std::size_t u = 0; u < num_units_; ++u) {
      if (times[u] == 0) continue;
      add(times[u], values_.data() + u * num_columns_, sums);
      add(times[u], there_.data() + u * num_patterns_, counts);
    }
    for (std::size_t c = 0; c < num_columns_; ++c) {
      const double count = counts[pattern_of_[c]];
      sums[c] = count > 0 ? sums[c] / count : kNaN;
    }
    return sums;
  }

 private:
  static void add(double times, const double* row, std::vector<double>& sums) {
    double* const to = sums.data();
    const std::size_t count = sums.size();
    for (std::size_t i = 0; i < count; ++i) to[i] += times * row[i];
  }

  std::size_t num_columns_, num_units_, num_patterns_ = 0;
  std::vector<double> values_;           ///< [units][columns], 0 where there is none
  std::vector<std::size_t> pattern_of_;  ///< [columns]
  std::vector<double> there_;            ///< [units][patterns]: 1 where there is a value
};

}  // namespace

std::int64_t UnitColumns::add(std::vector<double> values) {
  if (std::ssize(values) != num_units_)
    throw InternalError(fmt::format("{} values for {} units", values.size(), num_units_));
  columns_.push_back(std::move(values));
  return size() - 1;
}

std::span<const double> UnitColumns::column(std::int64_t number) const {
  return columns_.at(static_cast<std::size_t>(number));
}

double UnitColumns::mean(std::int64_t number) const {
  double sum = 0;
  for (const double value : column(number))
    if (is_value(value)) sum += value;
  const std::int64_t values = count(number);
  return values > 0 ? sum / static_cast<double>(values) : kNaN;
}

std::int64_t UnitColumns::count(std::int64_t number) const {
  const std::span<const double> values = column(number);
  return std::count_if(values.begin(), values.end(), is_value);
}

ReplicateDraws philox_draws(std::int64_t num_units, std::int64_t seed) {
  const auto units = static_cast<std::uint64_t>(num_units);
  const auto key = static_cast<std::uint64_t>(seed);
  return [units, key](std::int64_t replicate) {
    std::vector<double> times(units, 0.0);
    for (std::uint64_t draw = 0; draw < units; ++draw) {
      const std::uint64_t bits =
          draw_bits(key, Purpose::kBootstrap, static_cast<std::uint64_t>(replicate), draw, 0);
      times[below_from_bits(bits, units)] += 1;
    }
    return times;
  };
}

std::vector<std::vector<double>> replicate_means(const UnitColumns& columns,
                                                 std::int64_t num_replicates,
                                                 const ReplicateDraws& draws, std::int64_t threads,
                                                 const std::function<void(std::int64_t)>& advance,
                                                 const std::function<bool()>& stop) {
  const auto count = static_cast<std::size_t>(num_replicates);
  std::vector<std::vector<double>> means(static_cast<std::size_t>(columns.size()),
                                         std::vector<double>(count));
  const UnitRows rows(columns);
  std::mutex progress;
  parallel_for(num_replicates, threads, [&](std::int64_t replicate) {
    if (stop && stop()) return;
    const std::vector<double> own = rows.means(draws(replicate));
    for (std::size_t c = 0; c < own.size(); ++c)
      means[c][static_cast<std::size_t>(replicate)] = own[c];
    const std::lock_guard lock(progress);
    if (advance) advance(1);
  });
  return means;
}

void set_interval(Estimate& estimate, std::span<const double> replicates) {
  std::vector<double> values;
  std::copy_if(replicates.begin(), replicates.end(), std::back_inserter(values), is_value);
  estimate.low = values.empty() ? kNaN : quantile(values, 0.025);
  estimate.high = values.empty() ? kNaN : quantile(values, 0.975);
}

Estimate estimate_of(const UnitColumns& columns, std::int64_t number,
                     std::span<const double> replicates) {
  Estimate estimate;
  estimate.mean = columns.mean(number);
  estimate.n = columns.count(number);
  estimate.num_nan = columns.num_units() - estimate.n;
  set_interval(estimate, replicates);
  return estimate;
}

}  // namespace intr
