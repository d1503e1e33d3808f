// SPDX-License-Identifier: Apache-2.0
#include "intr/image/exif.h"

#include <gtest/gtest.h>

#include <vector>

namespace intr {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

// One entry: tag 0x0112, a short, one of them, value 6.
const auto kLittle = bytes_of(
    {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0});
const auto kBig = bytes_of(
    {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0});

TEST(Exif, OrientationOfEitherByteOrder) {
  EXPECT_EQ(exif_orientation(kLittle), 6);
  EXPECT_EQ(exif_orientation(kBig), 6);
}

TEST(Exif, LongNumbersAndMissingTags) {
  auto bytes = kLittle;
  bytes[12] = std::byte{4};
  bytes[21] = std::byte{1};
  EXPECT_EQ(tiff_number(bytes, 0x0112), 0x01000006u);
  EXPECT_EQ(exif_orientation(bytes), 0);
  EXPECT_FALSE(tiff_number(kLittle, 0x0113).has_value());
}

TEST(Exif, DamagedDataHaveNoOrientation) {
  for (std::size_t length = 0; length < 20; ++length)
    EXPECT_EQ(exif_orientation(std::span(kLittle).first(length)), 0) << length;
  auto bytes = kLittle;
  bytes[7] = std::byte{0xFF};  // the directory lies far outside
  EXPECT_EQ(exif_orientation(bytes), 0);
  bytes = kLittle;
  bytes[18] = std::byte{9};
  EXPECT_EQ(exif_orientation(bytes), 0);
}

}  // namespace
}  // namespace intr
