// SPDX-License-Identifier: Apache-2.0
#include "intr/core/philox.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

using Block = std::array<std::uint64_t, 4>;

TEST(Philox, PublishedBlocks) {
  // Known answers of the authors' Random123 (kat_vectors, philox4x64 with 10 rounds).
  EXPECT_EQ(philox4x64({0, 0, 0, 0}, {0, 0}), (Block{0x16554d9eca36314c, 0xdb20fe9d672d0fdc,
                                                     0xd7e772cee186176b, 0x7e68b68aec7ba23b}));
  constexpr std::uint64_t kOnes = ~std::uint64_t{0};
  EXPECT_EQ(
      philox4x64({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
      (Block{0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}));
}

TEST(Philox, DrawsOfASample) {
  const std::uint64_t expected[] = {0x40dfee4a7b973108, 0xbde06146d82ae288, 0x3741c89777460e63,
                                    0xa37a01d6e84956ec};
  for (std::uint64_t draw = 0; draw < 4; ++draw)
    EXPECT_EQ(draw_bits(42, Purpose::kAugmentation, 3, 17, draw), expected[draw]);
  EXPECT_NE(draw_bits(42, Purpose::kDropout, 3, 17, 0), expected[0]);
}

TEST(Philox, UnitsAndRanges) {
  EXPECT_EQ(unit_from_bits(0), 0.0);
  EXPECT_EQ(unit_from_bits(std::uint64_t{1} << 63), 0.5);
  EXPECT_EQ(unit_from_bits(0x7ff), 0.0);  // the low eleven bits are dropped
  EXPECT_LT(unit_from_bits(~std::uint64_t{0}), 1.0);
  EXPECT_EQ(below_from_bits(0, 10), 0U);
  EXPECT_EQ(below_from_bits(std::uint64_t{1} << 63, 10), 5U);
  EXPECT_EQ(below_from_bits(~std::uint64_t{0}, 10), 9U);
  EXPECT_EQ(below_from_bits(~std::uint64_t{0}, 1), 0U);
}

TEST(Philox, PurposesAreOnDisk) {
  EXPECT_EQ(static_cast<int>(Purpose::kAugmentation), 1);
  EXPECT_EQ(static_cast<int>(Purpose::kInitialization), 2);
  EXPECT_EQ(static_cast<int>(Purpose::kDropout), 3);
  EXPECT_EQ(static_cast<int>(Purpose::kQueryNoise), 4);
  EXPECT_EQ(static_cast<int>(Purpose::kCalibration), 5);
  EXPECT_EQ(static_cast<int>(Purpose::kSelection), 6);
  EXPECT_EQ(static_cast<int>(Purpose::kVerification), 7);
  EXPECT_EQ(static_cast<int>(Purpose::kBootstrap), 8);
  EXPECT_EQ(static_cast<int>(Purpose::kCellOrder), 9);
  EXPECT_EQ(static_cast<int>(Purpose::kScoreSamples), 10);
  EXPECT_EQ(static_cast<int>(Purpose::kScoreWeights), 11);
}

}  // namespace
}  // namespace intr
