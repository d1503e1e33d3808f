// SPDX-License-Identifier: Apache-2.0
#include "intr/image/display.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

/// Gray pixels from their levels.
Image picture(ImageSize size, std::initializer_list<int> levels) {
  Image image{size, {}};
  for (const int level : levels)
    image.rgb.insert(image.rgb.end(), 3, static_cast<std::uint8_t>(level));
  return image;
}

TEST(Display, UprightForEveryTag) {
  const Image image = picture({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(upright(image, 0).rgb, image.rgb);
  EXPECT_EQ(upright(image, 1).rgb, image.rgb);
  EXPECT_EQ(upright(image, 2).rgb, picture({2, 3}, {3, 2, 1, 6, 5, 4}).rgb);
  EXPECT_EQ(upright(image, 3).rgb, picture({2, 3}, {6, 5, 4, 3, 2, 1}).rgb);
  EXPECT_EQ(upright(image, 4).rgb, picture({2, 3}, {4, 5, 6, 1, 2, 3}).rgb);
  EXPECT_EQ(upright(image, 5).rgb, picture({3, 2}, {1, 4, 2, 5, 3, 6}).rgb);
  EXPECT_EQ(upright(image, 6).rgb, picture({3, 2}, {4, 1, 5, 2, 6, 3}).rgb);
  EXPECT_EQ(upright(image, 7).rgb, picture({3, 2}, {6, 3, 5, 2, 4, 1}).rgb);
  EXPECT_EQ(upright(image, 8).rgb, picture({3, 2}, {3, 6, 2, 5, 1, 4}).rgb);
  EXPECT_EQ(upright(image, 6).size, (ImageSize{3, 2}));
  EXPECT_EQ(upright(image, 9).rgb, image.rgb);
}

TEST(Display, EnlargedPicturesStayCrisp) {
  const Image image = picture({1, 2}, {0, 200});
  EXPECT_EQ(scaled_for_display(image, 6).rgb, picture({3, 6}, {0, 0, 0, 200, 200, 200, 0, 0, 0, 200,
                                                               200, 200, 0, 0, 0, 200, 200, 200})
                                                  .rgb);
  const Image odd = scaled_for_display(image, 5);
  EXPECT_EQ(odd.size, (ImageSize{3, 5}));
  EXPECT_EQ(odd.rgb[0], 0);
  EXPECT_EQ(odd.rgb[4 * 3], 200);
}

TEST(Display, ReducedPicturesAreAveraged) {
  const Image image = picture({1, 4}, {0, 100, 0, 100});
  EXPECT_EQ(scaled_for_display(image, 2).size, (ImageSize{1, 2}));
  EXPECT_EQ(scaled_for_display(image, 1).rgb[0], 50);
}

}  // namespace
}  // namespace intr
