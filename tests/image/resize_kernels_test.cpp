// SPDX-License-Identifier: Apache-2.0
#include "intr/image/resize_kernels.h"

#include <gtest/gtest.h>

#include "image/pattern.h"

namespace intr {
namespace {

/// Windows of 1 to `taps` pixels whose weights add to one.
ResizeAxis some_axis(std::int64_t in, std::int64_t out, std::int64_t taps) {
  ResizeAxis axis;
  for (std::int64_t x = 0; x < out; ++x) {
    const std::int64_t count = std::min(in, x % taps + 1);
    const std::vector<double> weights(static_cast<std::size_t>(count),
                                      1.0 / static_cast<double>(count));
    axis.add(x * (in - count) / std::max<std::int64_t>(1, out - 1), weights, [](double weight) {
      return static_cast<std::int32_t>(0.5 + weight * (1 << kWeightBits));
    });
  }
  return axis;
}

Image empty(ImageSize size) {
  return {size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.area()) * 3)};
}

TEST(ResizeKernels, TheFastestEqualsTheScalarOne) {
  for (const std::int64_t width : {1, 2, 3, 5, 8, 17, 43, 100, 131}) {
    for (const std::int64_t taps : {1, 2, 3, 7, 40}) {
      const Image source = pattern({width % 7 + 40, width});
      Image scalar = empty({source.size.height, 67}), fast = scalar;
      resize_columns(source, some_axis(width, 67, taps), scalar, ResizeKernel::kScalar);
      resize_columns(source, some_axis(width, 67, taps), fast);
      EXPECT_EQ(scalar.rgb, fast.rgb) << width << " columns, " << taps << " taps";
      scalar = fast = empty({53, width});
      const ResizeAxis rows = some_axis(source.size.height, 53, taps);
      resize_rows(source, rows, scalar, ResizeKernel::kScalar);
      resize_rows(source, rows, fast);
      EXPECT_EQ(scalar.rgb, fast.rgb) << width << " wide rows, " << taps << " taps";
    }
  }
}

TEST(ResizeKernels, WeightsThatRoundToNothingAreLeftOut) {
  ResizeAxis axis;
  axis.add(10, {0, 0, 0.5, 0, 0.5, 0},
           [](double weight) { return static_cast<std::int32_t>(weight * 2); });
  const ResizeAxis::Window& window = axis.windows().front();
  EXPECT_EQ(window.first, 12);
  EXPECT_EQ(window.taps, 3);
  EXPECT_EQ(axis.weights(window)[1], 0);
}

}  // namespace
}  // namespace intr
