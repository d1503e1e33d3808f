// SPDX-License-Identifier: Apache-2.0
#include "intr/image/gaussian_blur.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(GaussianBlur, WeightsAreThoseOfAGaussian) {
  const std::vector<float> weights = gaussian_weights(1.5);
  ASSERT_EQ(weights.size(), 13U);
  EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-6);
  for (std::size_t i = 0; i < 13; ++i) {
    const double distance = (static_cast<double>(i) - 6) / 1.5;
    EXPECT_NEAR(weights[i] / weights[6], std::exp(-0.5 * distance * distance), 1e-6);
  }
}

TEST(GaussianBlur, APointBecomesTheProductOfBothAxes) {
  const ImageSize size{40, 50};
  std::vector<float> plane(2000, 0);
  plane[20 * 50 + 25] = 1;
  gaussian_blur(plane, size, 2);
  const std::vector<float> weights = gaussian_weights(2);
  for (std::size_t y = 0; y < 40; ++y)
    for (std::size_t x = 0; x < 50; ++x) {
      const auto weight = [&](std::size_t at, std::size_t center) {
        const std::size_t place = at + 8 - center;
        return at + 8 < center || place >= weights.size() ? 0.0 : double{weights[place]};
      };
      ASSERT_NEAR(plane[y * 50 + x], weight(y, 20) * weight(x, 25), 1e-7) << y << ", " << x;
    }
}

TEST(GaussianBlur, TheBorderGoesOn) {
  std::vector<float> even(7 * 3, 4.5F);
  gaussian_blur(even, {7, 3}, 5);  // wider than the picture
  for (const float value : even) EXPECT_NEAR(value, 4.5, 1e-5);
  std::vector<float> row = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  gaussian_blur(row, {1, 10}, 1);
  const std::vector<float> weights = gaussian_weights(1);
  EXPECT_NEAR(row[0], std::accumulate(weights.begin(), weights.begin() + 5, 0.0), 1e-6);
  EXPECT_NEAR(row[2], std::accumulate(weights.begin(), weights.begin() + 3, 0.0), 1e-6);
}

TEST(GaussianBlur, RefusesWhatIsNoPlane) {
  std::vector<float> plane(6);
  EXPECT_THROW(gaussian_blur(plane, {2, 4}, 1), InternalError);
  EXPECT_THROW(gaussian_blur(plane, {2, 3}, 0), InternalError);
}

}  // namespace
}  // namespace intr
