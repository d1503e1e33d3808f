// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_curve.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "attention/model_tables.h"

namespace intr {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kTight = 1e-12;

TEST(ModelCurve, Names) {
  EXPECT_STREQ(name_of(CurveQuantity::kProbability), "probability");
  EXPECT_STREQ(name_of(CurveQuantity::kMargin), "margin");
  EXPECT_STREQ(name_of(CurveQuantity::kProbabilityNormalized), "probability_normalized");
  EXPECT_STREQ(name_of(CurveQuantity::kMarginNormalized), "margin_normalized");
  EXPECT_STREQ(name_of(OrderKind::kMap), "map");
  EXPECT_STREQ(name_of(OrderKind::kRandom), "random");
  EXPECT_STREQ(name_of(OrderKind::kCenterPrior), "center_prior");
}

TEST(ModelCurve, AreasInClosedForm) {
  CurveValues values;
  values.fill(3);
  EXPECT_EQ(curve_area(values), 3);
  for (std::size_t t = 0; t < values.size(); ++t) values[t] = curve_share(t);
  EXPECT_NEAR(curve_area(values), 0.5, kTight);
  for (double& value : values) value *= value;  // trapezoids: 1/3 + 1/(6 T^2)
  EXPECT_NEAR(curve_area(values), 1.0 / 3 + 1.0 / (6 * 16 * 16), kTight);
  for (std::size_t t = 0; t < values.size(); ++t) values[t] = t < 4 ? 1 : 0;
  EXPECT_NEAR(curve_area(values), 3.5 / 16, kTight);  // half a step of the fall counts
  values[7] = kNaN;
  EXPECT_TRUE(std::isnan(curve_area(values)));
}

TEST(ModelCurve, SharesGoFromNoneToAll) {
  EXPECT_EQ(curve_share(0), 0);
  EXPECT_EQ(curve_share(4), 0.25);
  EXPECT_EQ(curve_share(16), 1);
}

TEST(ModelCurve, TheWholePictureIsFirstInDeletionAndLastInInsertion) {
  Curve curve = test::line_curve(0.9, 0.1);
  curve[1] = {1.7, -7};
  using enum CurveQuantity;
  const CurveValues plain = curve_values(curve, CurveKind::kDeletion, kProbability);
  EXPECT_EQ(plain[0], 0.9);
  EXPECT_EQ(plain[1], 1.7);
  EXPECT_EQ(curve_values(curve, CurveKind::kDeletion, kMargin)[1], -7);
  const CurveValues falling = curve_values(curve, CurveKind::kDeletion, kProbabilityNormalized);
  EXPECT_NEAR(falling[0], 1, kTight);
  EXPECT_NEAR(falling[16], 0, kTight);
  EXPECT_NEAR(falling[1], 2, kTight);
  curve = test::line_curve(0.1, 0.9);
  curve[1] = {1.7, -7};
  const CurveValues rising = curve_values(curve, CurveKind::kInsertion, kMarginNormalized);
  EXPECT_NEAR(rising[0], 0, kTight);
  EXPECT_NEAR(rising[16], 1, kTight);
  EXPECT_NEAR(rising[1], (-7.0 - 1.0) / (9.0 - 1.0), kTight);
}

TEST(ModelCurve, NothingIsDividedByNoise) {
  using enum CurveQuantity;
  const Curve near = test::line_curve(0.5, 0.5009), far = test::line_curve(0.5, 0.5011);
  for (const double value : curve_values(near, CurveKind::kInsertion, kProbabilityNormalized))
    EXPECT_TRUE(std::isnan(value));
  EXPECT_NEAR(curve_values(far, CurveKind::kInsertion, kProbabilityNormalized)[8], 0.5, 1e-9);
  EXPECT_NEAR(curve_values(near, CurveKind::kInsertion, kMarginNormalized)[8], 0.5, 1e-9);
  // A blank picture that is more the class than the whole one: there is no way from 0 to 1.
  EXPECT_TRUE(std::isnan(curve_values(near, CurveKind::kDeletion, kMarginNormalized)[8]));
  Curve blank_unknown = test::line_curve(1, 0);
  blank_unknown[16].probability = kNaN;
  EXPECT_TRUE(
      std::isnan(curve_values(blank_unknown, CurveKind::kDeletion, kProbabilityNormalized)[3]));
}

TEST(ModelCurve, RandomIsTheMeanOfThreeOrders) {
  SampleCurves curves = test::line_curves();
  const auto at = [&](OrderKind order, std::size_t t) {
    return curve_values(curves, CurveKind::kDeletion, order, CurveQuantity::kProbability)[t];
  };
  curves.at(CurveKind::kDeletion, CellOrder::kMap)[5].probability = 10;
  curves.at(CurveKind::kDeletion, CellOrder::kRandom1)[5].probability = 1;
  curves.at(CurveKind::kDeletion, CellOrder::kRandom2)[5].probability = 2;
  curves.at(CurveKind::kDeletion, CellOrder::kRandom3)[5].probability = 6;
  curves.at(CurveKind::kDeletion, CellOrder::kCenter)[5].probability = 20;
  curves.at(CurveKind::kInsertion, CellOrder::kMap)[5].probability = 99;
  EXPECT_EQ(at(OrderKind::kMap, 5), 10);
  EXPECT_EQ(at(OrderKind::kRandom, 5), 3);
  EXPECT_EQ(at(OrderKind::kCenterPrior, 5), 20);
  curves.at(CurveKind::kDeletion, CellOrder::kRandom3)[5].probability = kNaN;
  EXPECT_TRUE(std::isnan(at(OrderKind::kRandom, 5)));
  EXPECT_FALSE(std::isnan(at(OrderKind::kRandom, 6)));
}

}  // namespace
}  // namespace intr
