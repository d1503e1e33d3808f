// SPDX-License-Identifier: Apache-2.0
#include "intr/image/resize.h"

#include <gtest/gtest.h>

#include "image/golden.h"
#include "image/pattern.h"
#include "intr/core/error.h"

namespace intr {
namespace {

TEST(Resize, ByHand) {
  // Two pixels to four: centers at 0.25, 0.75, 1.25, 1.75 of the source.
  const Image pair{{1, 2}, {0, 0, 0, 100, 200, 40}};
  const Image wide = resize_bilinear(pair, {1, 4});
  EXPECT_EQ(wide.rgb, (std::vector<std::uint8_t>{0, 0, 0, 25, 50, 10, 75, 150, 30, 100, 200, 40}));
  // Four to two: antialiased, weights 1/8 3/8 3/8 1/8 cut at the border.
  const Image narrow = resize_bilinear(wide, {1, 2});
  EXPECT_EQ(narrow.rgb[0], 21);  // (0*3 + 25*3 + 75*1) / 7 = 21.4
  EXPECT_EQ(resize_bilinear(pair, {1, 2}).rgb, pair.rgb);
}

TEST(Resize, EqualToPillow) {
  const auto golden = golden_json("resize.json");
  for (const auto& row : golden.at("width, height, new width, new height, rgb")) {
    const Image source = pattern({row.at(1), row.at(0)});
    EXPECT_EQ(digest(resize_bilinear(source, {row.at(3), row.at(2)})), row.at(4)) << row.dump();
  }
}

TEST(Resize, NoPixelsIsABugOfTheCaller) {
  EXPECT_THROW(resize_bilinear(pattern({2, 2}), {0, 5}), InternalError);
  EXPECT_THROW(resize_bilinear(Image{}, {5, 5}), InternalError);
}

TEST(ResizedSize, PublishedExamples) {
  EXPECT_EQ(resized_size({375, 500}, 800, 1333), (ImageSize{800, 1066}));
  EXPECT_EQ(resized_size({333, 500}, 800, 1333), (ImageSize{800, 1201}));
  EXPECT_EQ(resized_size({300, 1000}, 800, 1333), (ImageSize{400, 1333}));
  EXPECT_EQ(resized_size({800, 1333}, 800, 1333), (ImageSize{800, 1333}));
  EXPECT_EQ(resized_size({23, 86}, 800, 1333), (ImageSize{356, 1331}));
  EXPECT_EQ(resized_size({100, 2000}, 800, 1333), (ImageSize{67, 1340}));
  EXPECT_EQ(resized_size({2000, 100}, 800, 1333), (ImageSize{1340, 67}));
  EXPECT_EQ(resized_size({28, 28}, 96, 160), (ImageSize{96, 96}));
  EXPECT_EQ(resized_size({375, 500}, 600, 0), (ImageSize{600, 800}));
}

TEST(ResizedSize, Extremes) {
  EXPECT_EQ(resized_size({2000, 1}, 800, 1333), (ImageSize{2000, 1}));
  EXPECT_EQ(resized_size({5000, 1}, 800, 1333), (ImageSize{0, 0}));
  EXPECT_THROW(resized_size({5, 0}, 800, 1333), InternalError);
}

}  // namespace
}  // namespace intr
