// SPDX-License-Identifier: Apache-2.0
#include "intr/data/normalize.h"

#include <gtest/gtest.h>

#include <bit>

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

TEST(Normalize, EveryKernelGivesEveryByteTheSameBits) {
  // Every value in every channel, at every place of a vector.
  constexpr std::int64_t kWidth = 256 * 25;
  std::vector<std::uint8_t> pixels(kWidth * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>(i / 3 + i / 768);
  for (const NormalizeKernel kernel : normalize_kernels()) {
    std::vector<float> out(pixels.size(), -7.0F);
    normalize_picture_into(pixels, {1, kWidth}, {1, kWidth}, out, kernel);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const float unit = static_cast<float>(pixels[i]) / 255.0F;
      const float expected = (unit - kImageMean[i % 3]) / kImageDeviation[i % 3];
      ASSERT_EQ(std::bit_cast<std::uint32_t>(out[i]), std::bit_cast<std::uint32_t>(expected))
          << "value " << int{pixels[i]} << ", channel " << i % 3 << ", place " << i;
    }
  }
}

/// A batch of several pictures whose sizes are no multiples of anything.
MicroBatch odd_pictures() {
  MicroBatch batch;
  batch.sizes = {{70, 13}, {5, 41}, {131, 1}, {131, 41}};
  std::vector<std::uint8_t> pixels;
  for (const ImageSize size : batch.sizes) {
    batch.rows.push_back(std::ssize(batch.rows));
    batch.offsets.push_back(pixels.size());
    for (std::int64_t i = 0; i < size.area() * 3; ++i)
      pixels.push_back(static_cast<std::uint8_t>(i * 7 + i / 11));
  }
  batch.own(std::move(pixels));
  batch.padded = {131, 41};
  return batch;
}

TEST(Normalize, ThreadsKernelsAndSinglePicturesGiveOneBatch) {
  const MicroBatch batch = odd_pictures();
  const auto picture = static_cast<std::size_t>(batch.padded.area()) * 3;
  std::vector<float> expected(4 * picture, -7.0F);
  normalize_into(batch, expected);
  for (const std::int64_t threads : {2, 7}) {
    std::vector<float> out(expected.size(), -7.0F);
    normalize_into(batch, out, threads);
    EXPECT_EQ(out, expected) << threads << " threads";
  }
  for (const NormalizeKernel kernel : normalize_kernels()) {
    std::vector<float> out(expected.size(), -7.0F);
    for (std::size_t i = 0; i < 4; ++i)
      normalize_picture_into(
          batch.pixels.subspan(batch.offsets[i],
                               static_cast<std::size_t>(batch.sizes[i].area()) * 3),
          batch.sizes[i], batch.padded, std::span(out).subspan(i * picture, picture), kernel);
    EXPECT_EQ(out, expected) << "kernel " << static_cast<int>(kernel);
  }
}

TEST(Normalize, RefusesAPictureThatDoesNotFit) {
  const std::vector<std::uint8_t> pixels(12);
  std::vector<float> out(12);
  EXPECT_THROW(normalize_picture_into(pixels, {2, 2}, {4, 1}, out), InternalError);
  EXPECT_THROW(normalize_picture_into(pixels, {1, 2}, {2, 2}, out), InternalError);
  EXPECT_THROW(normalize_picture_into(pixels, {2, 2}, {2, 3}, out), InternalError);
}

TEST(Normalize, AnEmptyBatchNeedsNoRoom) { normalize_into(MicroBatch(), {}); }

TEST(Normalize, RefusesAnOutputOfAnotherSize) {
  std::vector<float> out(23);
  EXPECT_THROW(normalize_into(two_pictures(), out), InternalError);
}

}  // namespace
}  // namespace intr
