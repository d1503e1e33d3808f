// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_measures.h"

#include <gtest/gtest.h>

#include <cmath>

namespace intr {
namespace {

using Map = std::vector<double>;
using Maps = std::vector<Map>;
constexpr double kTight = 1e-12;
const Map kUniform = {0.25, 0.25, 0.25, 0.25};
const Map kFirst = {1, 0, 0, 0}, kLast = {0, 0, 0, 1};
const Map kTwoCells = {0.5, 0.5, 0, 0};

double information(const Maps& maps) {
  Map entropies;
  for (const Map& map : maps) entropies.push_back(map_entropy(map));
  return information_diversity(maps, entropies);
}

TEST(MapMeasures, NormalizingDividesByTheSum) {
  EXPECT_EQ(normalized_map(std::vector<float>{1, 3, 0, 4}), (Map{0.125, 0.375, 0, 0.5}));
}

TEST(MapMeasures, EntropyAndEffectiveArea) {
  EXPECT_EQ(map_entropy(kFirst), 0);  // 0 ln 0 = 0
  EXPECT_NEAR(map_entropy(kUniform), std::log(4.0), kTight);
  EXPECT_NEAR(map_entropy(kTwoCells), std::log(2.0), kTight);
  EXPECT_NEAR(map_entropy(Map{0.75, 0.25}), 2 * std::log(2.0) - 0.75 * std::log(3.0), kTight);
  EXPECT_NEAR(effective_area(0, 4), 0.25, kTight);
  EXPECT_NEAR(effective_area(map_entropy(kUniform), 4), 1, kTight);
  EXPECT_NEAR(effective_area(map_entropy(kTwoCells), 4), 0.5, kTight);
  EXPECT_EQ(effective_area(0, 1), 1);
}

TEST(MapMeasures, OfEqualPeaksTheFirst) {
  EXPECT_EQ(peak_cell(kUniform), 0);
  EXPECT_EQ(peak_cell(kLast), 3);
  EXPECT_EQ(peak_cell(Map{0.1, 0.4, 0.4, 0.1}), 1);
  EXPECT_EQ(peak_cell(Map{0.4 - 1e-16, 0.2, 0.4, 0}), 0);  // equal but for rounding
  EXPECT_EQ(peak_cell(Map{0.4 - 1e-9, 0.2, 0.4, 0}), 2);
}

TEST(MapMeasures, DivergenceIsZeroOfEqualAndOneOfDisjointMaps) {
  EXPECT_EQ(js_divergence(kTwoCells, kTwoCells), 0);
  EXPECT_NEAR(js_divergence(kFirst, kLast), 1, kTight);
  // E({3/4, 1/4}) - E({1/2, 1/2}) / 2, over ln 2.
  EXPECT_NEAR(js_divergence(kFirst, kTwoCells), 1.5 - 0.75 * std::log2(3.0), kTight);
}

TEST(MapMeasures, DiversityOfHeads) {
  EXPECT_NEAR(cosine_diversity(Maps{kFirst, kLast}), 1, kTight);
  EXPECT_NEAR(information(Maps{kFirst, kLast}), 1, kTight);
  EXPECT_NEAR(cosine_diversity(Maps{kTwoCells, kTwoCells}), 0, kTight);
  EXPECT_NEAR(information(Maps{kTwoCells, kTwoCells}), 0, kTight);
  // Two equal heads and one apart: one of three pairs is alike.
  EXPECT_NEAR(cosine_diversity(Maps{kFirst, kFirst, kLast}), 2.0 / 3, kTight);
  EXPECT_NEAR(information(Maps{kFirst, kFirst, kLast}),
              (std::log(3.0) - 2.0 / 3 * std::log(2.0)) / std::log(3.0), kTight);
  EXPECT_NEAR(cosine_diversity(Maps{kFirst, kTwoCells}), 1 - std::sqrt(0.5), kTight);
}

TEST(MapMeasures, OneHeadHasNoDiversity) {
  EXPECT_TRUE(std::isnan(cosine_diversity(Maps{kFirst})));
  EXPECT_TRUE(std::isnan(information(Maps{kFirst})));
  EXPECT_TRUE(std::isnan(cosine_diversity({})));
}

TEST(MapMeasures, MeanIsCellByCell) {
  EXPECT_EQ(mean_map(Maps{kFirst, kTwoCells}), (Map{0.75, 0.25, 0, 0}));
}

}  // namespace
}  // namespace intr
