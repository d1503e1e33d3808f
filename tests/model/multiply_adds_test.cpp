// SPDX-License-Identifier: Apache-2.0
#include "intr/model/multiply_adds.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

ModelConfig published() {
  ModelConfig config;
  config.num_classes = 200;
  return config;
}

TEST(MultiplyAdds, OfThePublishedModelByHand) {
  // 672x896 has 21x28 = 588 cells.
  const MultiplyAdds sums = multiply_adds(published(), {672, 896}, "stem");
  const double pixels = 672 * 896, cells = 588, d = 256, k = 200;
  EXPECT_NEAR(sums.frozen / pixels, 2352 + 13312, 1) << "stem: 64*3*49/4; layer1: 13.3 k a pixel";
  const double encoder = cells * (4 * d * d + 4096 * d) + 2 * cells * cells * d;
  const double decoder =
      k * (6 * d * d + 4096 * d) + 2 * cells * d * d + 2 * k * k * d + 2 * k * cells * d;
  const double behind = 2048 * d * cells + 6 * (encoder + decoder);
  EXPECT_NEAR((sums.forward() - behind) / pixels, 81.5e3, 0.1e3) << "ResNet-50";
  EXPECT_NEAR(behind, 0.3e9 + 5.7e9 + 2.7e9, 0.1e9);
  EXPECT_EQ(sums.step(), sums.frozen + 3 * sums.trained);
}

TEST(MultiplyAdds, WhatIsFrozenMovesOver) {
  const ImageSize size{480, 640};
  const MultiplyAdds none = multiply_adds(published(), size, "none");
  const MultiplyAdds all = multiply_adds(published(), size, "backbone");
  EXPECT_EQ(none.frozen, 0);
  EXPECT_NEAR(none.forward(), all.forward(), 1);
  EXPECT_GT(all.frozen, 0.8 * all.forward()) << "the backbone is most of it";
}

TEST(MultiplyAdds, OfOtherBackbones) {
  ModelConfig small = published();
  small.backbone = "resnet18";
  // ResNet-18 at 224x224 has 1.81 G multiply-adds in its convolutions (He et al., CVPR 2016: 1.8
  // G).
  small.enc_layers = small.dec_layers = 0;
  const MultiplyAdds sums = multiply_adds(small, {224, 224}, "backbone");
  EXPECT_NEAR(sums.frozen, 1.81e9, 0.01e9);
  EXPECT_NEAR(sums.trained, 512.0 * 256 * 49, 1);
  ModelConfig dilated = published();
  dilated.dilation = true;
  EXPECT_GT(multiply_adds(dilated, {480, 640}, "stem").forward(),
            1.5 * multiply_adds(published(), {480, 640}, "stem").forward());
  ModelConfig odd = published();
  EXPECT_GT(multiply_adds(odd, {481, 641}, "stem").forward(),
            multiply_adds(odd, {480, 640}, "stem").forward())
      << "an odd side is rounded up";
}

}  // namespace
}  // namespace intr
