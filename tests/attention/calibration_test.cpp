// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

namespace intr {
namespace {

using Values = std::vector<double>;
using Flags = std::vector<std::uint8_t>;

TEST(Calibration, BinsAreClosedAbove) {
  EXPECT_EQ(calibration_bin(0), 0);
  EXPECT_EQ(calibration_bin(0.01), 0);
  EXPECT_EQ(calibration_bin(0.2), 2);  // (2/15, 3/15]
  EXPECT_EQ(calibration_bin(0.21), 3);
  EXPECT_EQ(calibration_bin(1), 14);
}

TEST(Calibration, ErrorIsTheMeanGapOfBins) {
  // Two of 0.9: one right; two of 0.3: both right.
  const auto bins = calibration_bins(Values{0.9, 0.9, 0.3, 0.3}, Flags{1, 0, 1, 1});
  EXPECT_EQ(bins.size(), 15u);
  EXPECT_EQ(bins[13].n, 2);
  EXPECT_NEAR(bins[13].confidence, 0.9, 1e-12);
  EXPECT_EQ(bins[13].accuracy, 0.5);
  EXPECT_EQ(bins[4].accuracy, 1);
  EXPECT_TRUE(std::isnan(bins[0].accuracy));
  EXPECT_NEAR(calibration_error(bins), (2 * 0.4 + 2 * 0.7) / 4, 1e-12);
}

TEST(Calibration, AlwaysRightAndSureIsNoError) {
  EXPECT_EQ(calibration_error(calibration_bins(Values{1, 1}, Flags{1, 1})), 0);
  EXPECT_TRUE(std::isnan(calibration_error(calibration_bins({}, {}))));
}

}  // namespace
}  // namespace intr
