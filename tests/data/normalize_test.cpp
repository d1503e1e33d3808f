// SPDX-License-Identifier: Apache-2.0
#include "intr/data/normalize.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

MicroBatch two_pictures() {
  MicroBatch batch;
  batch.rows = {0, 1};
  batch.sizes = {{1, 2}, {2, 1}};
  batch.offsets = {0, 6};
  batch.own({0, 128, 255, 10, 20, 30, 1, 2, 3, 4, 5, 6});
  batch.padded = {2, 2};
  return batch;
}

TEST(Normalize, FollowsTheArithmeticOfTorchvision) {
  std::vector<float> out(24, -7.0F);
  normalize_into(two_pictures(), out);
  EXPECT_EQ(out[0], (0.0F / 255.0F - 0.485F) / 0.229F);
  EXPECT_EQ(out[1], (128.0F / 255.0F - 0.456F) / 0.224F);
  EXPECT_EQ(out[2], (255.0F / 255.0F - 0.406F) / 0.225F);
  EXPECT_EQ(out[5], (30.0F / 255.0F - 0.406F) / 0.225F);
}

TEST(Normalize, PadsRightAndBelowWithZero) {
  std::vector<float> out(24, -7.0F);
  normalize_into(two_pictures(), out);
  for (std::size_t i = 6; i < 12; ++i) EXPECT_EQ(out[i], 0.0F) << "second row of the first";
  EXPECT_EQ(out[12], (1.0F / 255.0F - 0.485F) / 0.229F);
  for (std::size_t i = 15; i < 18; ++i) EXPECT_EQ(out[i], 0.0F) << "second column of the second";
  EXPECT_EQ(out[18], (4.0F / 255.0F - 0.485F) / 0.229F);
  for (std::size_t i = 21; i < 24; ++i) EXPECT_EQ(out[i], 0.0F);
}

TEST(Normalize, AnEmptyBatchNeedsNoRoom) { normalize_into(MicroBatch(), {}); }

TEST(Normalize, RefusesAnOutputOfAnotherSize) {
  std::vector<float> out(23);
  EXPECT_THROW(normalize_into(two_pictures(), out), InternalError);
}

}  // namespace
}  // namespace intr
