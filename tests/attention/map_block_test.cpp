// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_block.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace intr {
namespace {

TEST(MapBlock, ReturnsWhatWasEncoded) {
  const std::vector<float> values = {0.5F, 0.25F, 0.125F, 0.0F};  // exact in both types
  for (const MapType type : {MapType::f16, MapType::f32}) {
    const std::vector<std::byte> bytes = encode_block(values, type);
    EXPECT_EQ(static_cast<std::int64_t>(bytes.size()), 4 * bytes_of(type));
    EXPECT_EQ(decode_block(bytes, type), values);
  }
}

TEST(MapBlock, SumsOfMaps) {
  const SumRange sums = sums_of(std::vector<float>{0.5F, 0.5F, 0.25F, 0.5F, 1.0F, 0.5F}, 2);
  EXPECT_EQ(sums.least, 0.75);
  EXPECT_EQ(sums.most, 1.5);
  EXPECT_FALSE(sums_are_sound(sums, MapType::f16));
  EXPECT_TRUE(sums_are_sound({0.9981, 1.0019}, MapType::f16));
  EXPECT_FALSE(sums_are_sound({0.9981, 1.0019}, MapType::f32));
}

TEST(MapBlock, NegativeAndNonFiniteElementsAreUnsound) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {-0.5F, kInfinity, std::nanf("")}) {
    SumRange sums = sums_of(std::vector<float>{1.0F, 0.0F, 1.5F, bad}, 2);
    EXPECT_FALSE(sums_are_sound(sums, MapType::f16)) << bad;
    SumRange others{1, 1};
    others.include(sums);  // a NaN stays, whatever comes before or after
    others.include({1, 1});
    EXPECT_FALSE(sums_are_sound(others, MapType::f16)) << bad;
  }
}

TEST(MapBlock, SignedMapsMayBeNegativeButAreFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> values = {0.5F, -2.0F, 3.0F, 0.25F};
  const SumRange sums = sums_of(values, 2, true);
  EXPECT_EQ(sums.least, -1.5);
  EXPECT_EQ(sums.most, 3.25);
  DumpFacts plain;
  plain.type = MapType::f32;
  DumpFacts both = plain;
  both.is_signed = true;
  EXPECT_EQ(check_values(MapField::kMap, values, {1, 2}, both), "");
  EXPECT_NE(check_values(MapField::kMap, values, {1, 2}, plain), "");
  const std::vector<float> shares = {0.5F, 0.5F, 1.0F, 0.0F};
  EXPECT_EQ(check_values(MapField::kMap, shares, {1, 2}, plain), "");
  EXPECT_EQ(check_values(MapField::kMap, shares, {1, 2}, both), "");
  for (const float bad : {kInfinity, -kInfinity, std::nanf("")}) {
    const std::vector<float> unsound = {0.5F, bad};
    EXPECT_NE(check_values(MapField::kMap, unsound, {1, 2}, both), "") << bad;
  }
}

TEST(MapBlock, PeaksOfSignedMapsAreTheirOwnValues) {
  DumpFacts facts;
  facts.layers = {5};
  facts.heads = {kHeadMean};
  facts.num_queries = 1;
  facts.is_signed = true;
  const BlockPeaks peaks = peaks_of(std::vector<float>{0.5F, -2.0F, 1.0F}, facts, {1, 3});
  EXPECT_EQ(peaks.peak, (std::vector<float>{2}));
  EXPECT_EQ(peaks.contrast, (std::vector<float>{0}));
}

TEST(MapBlock, PeaksOfTheLastLayer) {
  DumpFacts facts;
  facts.layers = {0, 5};
  facts.heads = {0, 1};
  facts.num_queries = 2;
  // Layer 0 is not looked at. Layer 5: slot 0 with heads (1, 0), (0.5, 0.5); slot 1: (0.25, 0.75)
  // twice.
  const std::vector<float> values = {0, 1, 0,    1,    0,     1,     0,     1,
                                     1, 0, 0.5F, 0.5F, 0.25F, 0.75F, 0.25F, 0.75F};
  const BlockPeaks peaks = peaks_of(values, facts, {1, 2});
  EXPECT_EQ(peaks.peak, (std::vector<float>{2, 1}));
  EXPECT_EQ(peaks.contrast, (std::vector<float>{1.5F, 0.5F}));
  facts.layers = {5};
  facts.num_queries = 1;
  EXPECT_EQ(peaks_of(std::vector<float>{1, 0, 0.5F, 0.5F}, facts, {1, 2}).contrast,
            (std::vector<float>{0, 0}));
}

TEST(MapBlock, NearestRank) {
  std::vector<float> hundred;
  for (int i = 100; i > 0; --i) hundred.push_back(static_cast<float>(i));
  EXPECT_EQ(nearest_rank(hundred, 0.99), 99);
  EXPECT_EQ(nearest_rank({7}, 0.99), 7);
  EXPECT_EQ(nearest_rank({3, 1, 2}, 0.5), 2);
  EXPECT_EQ(nearest_rank({3, 1, 2}, 0), 1);
  EXPECT_EQ(nearest_rank({}, 0.99), 0);
}

}  // namespace
}  // namespace intr
