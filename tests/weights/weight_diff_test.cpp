// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/weight_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "intr/core/error.h"
#include "intr/weights/safetensors_writer.h"
#include "support/output_tensors.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using testing::ElementsAre;
using Index = std::vector<std::int64_t>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

class WeightDiff : public testing::Test {
 protected:
  /// Compares two files that hold one tensor "x" each.
  template <class A, class B>
  WeightDifferences compare(const std::vector<A>& a, const std::vector<B>& b,
                            const DiffOptions& options = {}, DType type_a = dtype_of<A>(),
                            DType type_b = dtype_of<B>()) {
    OutputWeights weights_a, weights_b;
    test::add_tensor(weights_a, "x", {std::ssize(a)}, a, type_a);
    test::add_tensor(weights_b, "x", {std::ssize(b)}, b, type_b);
    return compare(weights_a, weights_b, options);
  }
  WeightDifferences compare(const OutputWeights& a, const OutputWeights& b,
                            const DiffOptions& options = {}) {
    test::write_state_dict(folder_ / "a.pth", a);
    test::write_state_dict(folder_ / "b.pth", b);
    return compare_weights(WeightFile(folder_ / "a.pth"), WeightFile(folder_ / "b.pth"), options);
  }
  test::TempDir folder_;
};

TEST_F(WeightDiff, EqualFiles) {
  const WeightDifferences none = compare<float, float>({1, NAN, kInfinity}, {1, NAN, kInfinity});
  EXPECT_FALSE(none.any());
  EXPECT_EQ(none.num_equal, 1);
}

TEST_F(WeightDiff, OneChangedBit) {
  OutputWeights a, b;
  std::vector<float> values(200'000, 2.0F);
  test::add_tensor<float>(a, "other", {1}, {7});
  test::add_tensor(a, "x", {2, 1000, 100}, values);
  values[123'456] = std::nextafter(2.0F, 3.0F);
  test::add_tensor<float>(b, "other", {1}, {7});
  test::add_tensor(b, "x", {2, 1000, 100}, values);
  const WeightDifferences found = compare(a, b);
  EXPECT_TRUE(found.any());
  EXPECT_EQ(found.num_equal, 1);
  ASSERT_EQ(found.tensors.size(), 1U);
  const TensorDifference& x = found.tensors[0];
  EXPECT_EQ(x.name, "x");
  EXPECT_EQ(x.first, (Index{1, 234, 56}));
  EXPECT_EQ(x.num_different, 1);
  const double step = std::ldexp(1.0, -22);
  EXPECT_EQ(x.max_abs, step);
  EXPECT_NEAR(x.relative_l2, step / (2 * std::sqrt(200'000.0)), 1e-15);
}

TEST_F(WeightDiff, BitsCountWithoutATolerance) {
  EXPECT_EQ((compare<float, float>({1, 0.0F}, {1, -0.0F}).tensors.at(0).first), Index{1});
  EXPECT_FALSE((compare<float, float>({1, 0.0F}, {1, -0.0F}, {.atol = 1e-9}).any()));
  constexpr std::int64_t kLarge = std::int64_t{1} << 60;  // its neighbor is the same double
  EXPECT_EQ((compare<std::int64_t, std::int64_t>({kLarge}, {kLarge + 1}).tensors.size()), 1U);
}

TEST_F(WeightDiff, NaNEqualsNaNAlone) {
  const WeightDifferences found = compare<float, float>({NAN, NAN, 1}, {NAN, 1, NAN});
  ASSERT_EQ(found.tensors.size(), 1U);
  EXPECT_EQ(found.tensors[0].first, Index{1});
  EXPECT_EQ(found.tensors[0].num_different, 2);
  EXPECT_EQ(found.tensors[0].max_abs, std::numeric_limits<double>::infinity());
  EXPECT_TRUE((compare<float, float>({NAN}, {1}, {.rtol = 10, .atol = 10}).any()));
}

TEST_F(WeightDiff, Tolerances) {
  EXPECT_FALSE((compare<float, float>({100}, {101}, {.rtol = 0.01}).any()));
  EXPECT_TRUE((compare<float, float>({100}, {102}, {.rtol = 0.01}).any()));
  EXPECT_FALSE((compare<float, float>({0}, {0.5F}, {.atol = 0.5}).any()));
  EXPECT_TRUE((compare<float, float>({0}, {0.5F}, {.atol = 0.49}).any()));
  EXPECT_FALSE((compare<float, float>({kInfinity}, {kInfinity}, {.rtol = 0.1}).any()));
  EXPECT_TRUE((compare<float, float>({1}, {kInfinity}, {.rtol = 0.1}).any()));
  EXPECT_TRUE((compare<float, float>({-kInfinity}, {kInfinity}, {.rtol = 0.1}).any()));
}

TEST_F(WeightDiff, AnotherTypeIsADifferenceWithEqualValues) {
  const WeightDifferences found = compare<float, double>({1, 2}, {1, 2});
  ASSERT_EQ(found.tensors.size(), 1U);
  EXPECT_EQ(found.tensors[0].type_a, DType::f32);
  EXPECT_EQ(found.tensors[0].type_b, DType::f64);
  EXPECT_EQ(found.tensors[0].num_different, 0);
  EXPECT_FALSE(found.tensors[0].first);
  EXPECT_EQ((compare<float, double>({1, 2}, {1, 3}).tensors.at(0).first), Index{1});
}

TEST_F(WeightDiff, NamesAndShapes) {
  OutputWeights a, b;
  test::add_tensor<float>(a, "left", {1}, {1});
  test::add_tensor<float>(a, "x", {2, 1}, {1, 2});
  test::add_tensor<float>(a, "dot", {}, {5});
  test::add_tensor<float>(b, "x", {1, 2}, {1, 2});
  test::add_tensor<float>(b, "right", {1}, {1});
  test::add_tensor<float>(b, "dot", {}, {6});
  const WeightDifferences found = compare(a, b);
  EXPECT_THAT(found.only_a, ElementsAre("left"));
  EXPECT_THAT(found.only_b, ElementsAre("right"));
  ASSERT_EQ(found.tensors.size(), 2U);
  EXPECT_FALSE(found.tensors[0].same_shape());
  EXPECT_FALSE(found.tensors[0].first);
  EXPECT_EQ(found.tensors[1].first, Index{});
  EXPECT_EQ(found.num_equal, 0);
}

TEST_F(WeightDiff, AcrossFormatsByOurNamesOrByTheirs) {
  OutputWeights weights;
  test::add_tensor<float>(weights, "presence_vector.weight", {1, 2}, {1, 2});
  test::write_state_dict(folder_ / "a.pth", weights);
  write_safetensors(folder_ / "b.safetensors", weights, {});
  const WeightFile a(folder_ / "a.pth"), b(folder_ / "b.safetensors");
  EXPECT_FALSE(compare_weights(a, b).any());
  const WeightDifferences raw = compare_weights(a, b, {.raw_names = true});
  EXPECT_THAT(raw.only_a, ElementsAre("model/presence_vector.weight"));
  EXPECT_THAT(raw.only_b, ElementsAre("presence_vector.weight"));
}

}  // namespace
}  // namespace intr
