// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "intr/core/error.h"
#include "intr/core/philox.h"

namespace intr {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
using Values = std::vector<double>;

TEST(Bootstrap, MeansOfHandMadeDraws) {
  UnitColumns columns(3);
  columns.add({1, 2, 6});
  columns.add({kNaN, 10, 20});
  columns.add({kNaN, kNaN, kNaN});
  const std::vector<Values> times = {{1, 1, 1}, {3, 0, 0}, {0, 1, 2}};
  const auto draws = [&](std::int64_t r) { return times[static_cast<std::size_t>(r)]; };
  const std::vector<Values> means = replicate_means(columns, 3, draws, 1);
  EXPECT_EQ(means[0], (Values{3, 1, 14.0 / 3}));
  EXPECT_EQ(means[1][0], 15);
  EXPECT_TRUE(std::isnan(means[1][1]));  // only the unit without a value was drawn
  EXPECT_EQ(means[1][2], 50.0 / 3);
  for (const double mean : means[2]) EXPECT_TRUE(std::isnan(mean));
}

TEST(Bootstrap, EstimatesCountWhatIsMissing) {
  UnitColumns columns(4);
  columns.add({1, kNaN, 3, kNaN});
  columns.add({kNaN, kNaN, kNaN, kNaN});
  const Estimate some = estimate_of(columns, 0, Values{1, 2, 3, kNaN});
  EXPECT_EQ(some.mean, 2);
  EXPECT_EQ(some.n, 2);
  EXPECT_EQ(some.num_nan, 2);
  EXPECT_NEAR(some.low, 1.05, 1e-12);  // between the first two of three
  EXPECT_NEAR(some.high, 2.95, 1e-12);
  const Estimate none = estimate_of(columns, 1, Values{kNaN});
  EXPECT_TRUE(std::isnan(none.mean));
  EXPECT_TRUE(std::isnan(none.low));
  EXPECT_EQ(none.n, 0);
  EXPECT_TRUE(std::isnan(estimate_of(columns, 0, {}).high));  // no replicates
}

TEST(Bootstrap, StopsBetweenReplicates) {
  UnitColumns columns(3);
  columns.add({1, 2, 6});
  std::int64_t made = 0;
  replicate_means(
      columns, 1000, philox_draws(3, 0), 1, [&](std::int64_t count) { made += count; },
      [&] { return made == 7; });
  EXPECT_EQ(made, 7);
}

TEST(Bootstrap, AConstantHasNoWidth) {
  UnitColumns columns(50);
  columns.add(Values(50, 0.375));
  const auto means = replicate_means(columns, 200, philox_draws(50, 1), 1);
  const Estimate estimate = estimate_of(columns, 0, means[0]);
  EXPECT_EQ(estimate.low, 0.375);
  EXPECT_EQ(estimate.high, 0.375);
}

TEST(Bootstrap, DrawsAreThoseOfTheCounter) {
  const Values times = philox_draws(7, 5)(3);
  EXPECT_EQ(std::accumulate(times.begin(), times.end(), 0.0), 7);
  Values expected(7, 0.0);
  for (std::uint64_t draw = 0; draw < 7; ++draw)
    expected[below_from_bits(philox4x64({8, 3, draw, 0}, {5, 0})[0], 7)] += 1;
  EXPECT_EQ(times, expected);
  EXPECT_NE(philox_draws(7, 6)(3), times);
}

TEST(Bootstrap, ThreadsChangeNothing) {
  UnitColumns columns(101);
  Values wave(101), gaps(101);
  for (std::size_t i = 0; i < wave.size(); ++i) {
    wave[i] = std::sin(static_cast<double>(i)) / 3;
    gaps[i] = i % 3 == 0 ? kNaN : wave[i];
  }
  columns.add(wave);
  columns.add(gaps);
  std::int64_t done = 0;
  const auto one = replicate_means(columns, 300, philox_draws(101, 0), 1);
  EXPECT_EQ(one, replicate_means(columns, 300, philox_draws(101, 0), 7,
                                 [&](std::int64_t count) { done += count; }));
  EXPECT_EQ(done, 300);
}

TEST(Bootstrap, IntervalsHoldTheTruthAsOftenAsTheySay) {
  constexpr std::int64_t kSets = 1000, kUnits = 100;
  constexpr double kTruth = 0.4;
  std::int64_t held = 0;
  for (std::int64_t set = 0; set < kSets; ++set) {
    Values values(kUnits);
    for (std::uint64_t i = 0; i < kUnits; ++i)
      values[i] = unit_from_bits(
                      philox4x64({99, static_cast<std::uint64_t>(set), i, 0}, {1, 0})[0]) < kTruth
                      ? 1
                      : 0;
    UnitColumns columns(kUnits);
    columns.add(std::move(values));
    const auto means = replicate_means(columns, 400, philox_draws(kUnits, set), 1);
    const Estimate estimate = estimate_of(columns, 0, means[0]);
    held += estimate.low <= kTruth && kTruth <= estimate.high ? 1 : 0;
  }
  EXPECT_GE(held, 930);
  EXPECT_LE(held, 970);
}

TEST(Bootstrap, ColumnsHaveOneValueAUnit) {
  UnitColumns columns(3);
  EXPECT_THROW(columns.add({1, 2}), InternalError);
}

TEST(Bootstrap, NoUnits) {
  UnitColumns columns(0);
  columns.add({});
  const auto means = replicate_means(columns, 5, philox_draws(0, 0), 2);
  EXPECT_TRUE(std::isnan(estimate_of(columns, 0, means[0]).mean));
}

}  // namespace
}  // namespace intr
