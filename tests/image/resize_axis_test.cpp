// SPDX-License-Identifier: Apache-2.0
#include "intr/image/resize_axis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace intr {
namespace {

std::vector<std::int32_t> weights_of(const ResizeAxis& axis, std::size_t place) {
  const ResizeAxis::Window& window = axis.windows()[place];
  return {axis.weights(window), axis.weights(window) + window.taps};
}

TEST(ResizeAxis, ByHand) {
  const ResizeAxis axis(2, 4, 0, 4);  // centers at 0.25, 0.75, 1.25, 1.75 of the source
  ASSERT_EQ(axis.windows().size(), 4u);
  EXPECT_EQ(weights_of(axis, 0), (std::vector<std::int32_t>{kWeightOne}));
  EXPECT_EQ(weights_of(axis, 1), (std::vector<std::int32_t>{kWeightOne / 4 * 3, kWeightOne / 4}));
  EXPECT_EQ(weights_of(axis, 2), (std::vector<std::int32_t>{kWeightOne / 4, kWeightOne / 4 * 3}));
  EXPECT_EQ(weights_of(axis, 3), (std::vector<std::int32_t>{kWeightOne}));
  EXPECT_EQ(axis.windows()[3].first, 1);
  EXPECT_EQ(axis.max_taps(), 2);
}

TEST(ResizeAxis, WeightsThatRoundToNothingAreLeftOut) {
  const ResizeAxis axis(5, 5, 0, 5);  // each second neighbor has a weight of 0
  for (std::size_t x = 0; x < 5; ++x) {
    EXPECT_EQ(axis.windows()[x].first, static_cast<std::int64_t>(x));
    EXPECT_EQ(weights_of(axis, x), (std::vector<std::int32_t>{kWeightOne}));
  }
}

TEST(ResizeAxis, APartHasTheWeightsOfTheWhole) {
  for (const std::int64_t in : {3, 17, 90, 400}) {
    const ResizeAxis whole(in, 67, 0, 67), part(in, 67, 20, 51);
    ASSERT_EQ(part.windows().size(), 31u);
    for (std::size_t x = 0; x < 31; ++x) {
      EXPECT_EQ(part.windows()[x].first, whole.windows()[x + 20].first) << in;
      EXPECT_EQ(weights_of(part, x), weights_of(whole, x + 20)) << in;
    }
  }
}

TEST(ResizeAxis, AMirroredOneReadsFromTheOtherEnd) {
  for (const std::int64_t in : {1, 3, 17, 67, 400}) {
    const ResizeAxis plain(in, 67, 0, 67), mirrored(in, 67, 0, 67, true);
    for (std::size_t x = 0; x < 67; ++x) {
      const ResizeAxis::Window& window = mirrored.windows()[x];
      EXPECT_EQ(in - window.first - window.taps, plain.windows()[x].first);
      std::vector<std::int32_t> turned = weights_of(mirrored, x);
      std::reverse(turned.begin(), turned.end());
      EXPECT_EQ(turned, weights_of(plain, x)) << in;
    }
  }
}

}  // namespace
}  // namespace intr
