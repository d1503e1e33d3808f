// SPDX-License-Identifier: Apache-2.0
#include "intr/model/row_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace intr {
namespace {

std::vector<std::uint16_t> draws_of_unit(const RowKernels& kernels, std::uint64_t key,
                                         std::uint64_t unit) {
  std::vector<std::uint16_t> draws(static_cast<std::size_t>(kMaskUnit));
  kernels.draws(key, unit, draws.data());
  return draws;
}

std::vector<float> noise(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(engine);
  return values;
}

/// float32 as T: a bfloat16 number by cutting.
template <class T>
std::vector<T> as(const std::vector<float>& values) {
  std::vector<T> out;
  for (const float value : values) {
    if constexpr (std::is_same_v<T, float>) {
      out.push_back(value);
    } else {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &value, sizeof bits);
      out.push_back(static_cast<T>(bits >> 16));
    }
  }
  return out;
}

float number(float value) { return value; }
float number(Bfloat16Bits bits) {
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float value = 0;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

TEST(RowKernelsTest, DrawsAreThreefry) {
  // The known answer of Random123 (kat_vectors) for threefry4x32-20 with key and counter 0. Word w
  // of lane 0 lies in draws 32 w (low half) and 32 w + 16 (high half).
  constexpr std::uint32_t kKnown[4] = {0x9c6ca96a, 0xe17eae66, 0xfc10ecd4, 0x5256a7d8};
  for (const RowKernels& kernels : all_row_kernels()) {
    const auto draws = draws_of_unit(kernels, 0, 0);
    for (std::size_t word = 0; word < 4; ++word)
      EXPECT_EQ(draws[32 * word] | std::uint32_t{draws[32 * word + 16]} << 16, kKnown[word])
          << kernels.name;
  }
}

TEST(RowKernelsTest, DrawsDependOnKeyAndUnitAlone) {
  const RowKernels& kernels = row_kernels();
  const std::uint64_t big = std::uint64_t{1} << 40;
  EXPECT_EQ(draws_of_unit(kernels, 7, big), draws_of_unit(kernels, 7, big));
  EXPECT_NE(draws_of_unit(kernels, 7, big), draws_of_unit(kernels, 7, 0));
  EXPECT_NE(draws_of_unit(kernels, 7, 0), draws_of_unit(kernels, 8, 0));
  EXPECT_NE(draws_of_unit(kernels, 7, 0), draws_of_unit(kernels, 7 + (std::uint64_t{1} << 33), 0));
}

TEST(RowKernelsTest, TheShareThatIsKeptIsTheOneAskedFor) {
  const DropoutMask mask = make_dropout_mask(0.1, 99);
  EXPECT_NEAR(mask.scale, 1 / 0.9, 1e-4);
  const std::size_t count = 1'000'000;
  const std::vector<float> ones(count, 1.0F);
  std::vector<float> kept(count);
  row_kernels().f32.drop(ones.data(), kept.data(), 0, count, mask);
  double sum = 0;
  for (const float value : kept) {
    ASSERT_TRUE(value == 0 || value == mask.scale);
    sum += value;
  }
  // Four standard deviations of the mean of count draws.
  EXPECT_NEAR(sum / count, 1, 4 * std::sqrt(0.1 / 0.9 / count));
  EXPECT_EQ(make_dropout_mask(0, 1).threshold, 0u);
  EXPECT_EQ(make_dropout_mask(0, 1).scale, 1.0F);
}

template <class T>
struct Results {
  std::vector<T> drop, add_dropped, relu_drop, relu_backward, add_relu, weights, changes, again;
  float log_sum = 0;
};

/// Rows have room for whole vectors; what stands behind their end must not matter.
std::vector<float> whole_vectors(std::vector<float> row) {
  row.resize((row.size() + kRowStep - 1) / kRowStep * kRowStep, 50.0F);
  return row;
}

/// Everything once, for a count that fills neither a unit nor a vector.
template <class T>
Results<T> run(const RowKernels& all) {
  const auto& kernels = all.of<T>();
  constexpr std::int64_t kCount = 5 * kMaskUnit + 37;
  const auto size = static_cast<std::size_t>(kCount);
  const DropoutMask mask = make_dropout_mask(0.25, 1234567890123456789U);
  const std::vector<T> x = as<T>(noise(size, 1)), other = as<T>(noise(size, 2));
  std::vector<std::uint8_t> allowed(size);
  for (std::size_t i = 0; i < size; ++i) allowed[i] = i % 7 != 3;
  Results<T> r{.drop = x,
               .add_dropped = x,
               .relu_drop = x,
               .relu_backward = x,
               .add_relu = x,
               .weights = {},
               .changes = {},
               .again = {}};
  kernels.drop(x.data(), r.drop.data(), 0, 2 * kMaskUnit, mask);  // in two pieces
  kernels.drop(x.data(), r.drop.data(), 2 * kMaskUnit, kCount, mask);
  kernels.add_dropped(other.data(), x.data(), r.add_dropped.data(), 0, kCount, mask);
  kernels.relu_drop(r.relu_drop.data(), 0, kCount, mask);
  kernels.relu_drop_backward(other.data(), r.relu_drop.data(), r.relu_backward.data(), 0, kCount,
                             mask.scale);
  kernels.add_relu(r.add_relu.data(), other.data(), 0, kCount);
  std::vector<float> scores = whole_vectors(noise(size, 1));
  const std::vector<float> again = scores, gradients = whole_vectors(noise(size, 2));
  r.weights = r.again = r.changes = std::vector<T>(scores.size(), T{1});
  r.log_sum =
      kernels.softmax_drop(scores.data(), r.weights.data(), kCount, allowed.data(), 0.5F, 3, mask);
  kernels.softmax_drop_backward(again.data(), gradients.data(), r.again.data(), r.changes.data(),
                                kCount, allowed.data(), 0.5F, r.log_sum, 0.125F, 3, mask);
  return r;
}

template <class T>
class TypedRowKernelsTest : public testing::Test {};
using Types = testing::Types<float, Bfloat16Bits>;
TYPED_TEST_SUITE(TypedRowKernelsTest, Types);

TYPED_TEST(TypedRowKernelsTest, EveryProcessorComputesTheSameBits) {
  const auto first = run<TypeParam>(all_row_kernels().front());
  for (const RowKernels& kernels : all_row_kernels()) {
    const auto other = run<TypeParam>(kernels);
    EXPECT_EQ(first.drop, other.drop) << kernels.name;
    EXPECT_EQ(first.add_dropped, other.add_dropped) << kernels.name;
    EXPECT_EQ(first.relu_drop, other.relu_drop) << kernels.name;
    EXPECT_EQ(first.relu_backward, other.relu_backward) << kernels.name;
    EXPECT_EQ(first.add_relu, other.add_relu) << kernels.name;
    EXPECT_EQ(first.weights, other.weights) << kernels.name;
    EXPECT_EQ(first.changes, other.changes) << kernels.name;
    EXPECT_EQ(first.again, other.again) << kernels.name;
    EXPECT_EQ(first.log_sum, other.log_sum) << kernels.name;
  }
}

TYPED_TEST(TypedRowKernelsTest, TheyComputeWhatTheirFormulasSay) {
  const bool whole = std::is_same_v<TypeParam, float>;
  const double share = whole ? 1e-5 : 8e-3;  // bfloat16 numbers have 8 bits
  const auto close = [&](float got, double wanted) {
    EXPECT_NEAR(got, wanted, share * std::abs(wanted) + 1e-9);
  };
  const auto r = run<TypeParam>(row_kernels());
  const std::size_t count = r.drop.size();
  const auto x = as<TypeParam>(noise(count, 1)), other = as<TypeParam>(noise(count, 2));
  const std::vector<float> scores = noise(count, 1), gradients = noise(count, 2);
  const float scale = make_dropout_mask(0.25, 0).scale;
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (i % 7 != 3) sum += std::exp(0.5 * static_cast<double>(scores[i]));
  EXPECT_NEAR(r.log_sum, std::log(sum), 1e-4);
  std::size_t kept_weights = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = number(x[i]), second = number(other[i]);
    const bool kept = number(r.drop[i]) != 0;  // no noise is 0
    close(number(r.drop[i]), kept ? value * scale : 0);
    close(number(r.add_dropped[i]), second + (kept ? value * scale : 0));
    close(number(r.relu_drop[i]), kept && value > 0 ? value * scale : 0);
    close(number(r.relu_backward[i]), kept && value > 0 ? second * scale : 0);
    close(number(r.add_relu[i]), std::max(0.0, value + second));
    const double score = static_cast<double>(scores[i]);
    const double weight = i % 7 != 3 ? std::exp(0.5 * score) / sum : 0;
    const bool kept_weight = number(r.weights[i]) != 0;
    kept_weights += kept_weight ? 1 : 0;
    close(number(r.weights[i]), kept_weight ? weight * scale : 0);
    EXPECT_EQ(number(r.again[i]) != 0, kept_weight) << "the same mask again, element " << i;
    close(number(r.again[i]), number(r.weights[i]));
    const double through = kept_weight ? static_cast<double>(gradients[i] * scale) : 0;
    close(number(r.changes[i]), weight * (through - 0.125) * 0.5);
  }
  for (std::size_t i = count; i < r.weights.size(); ++i) {  // behind the end
    EXPECT_EQ(number(r.weights[i]), 0);
    EXPECT_EQ(number(r.again[i]), 0);
    EXPECT_EQ(number(r.changes[i]), 0);
  }
  EXPECT_GT(kept_weights, count / 2);
  EXPECT_LT(kept_weights, count * 6 / 7);
}

TEST(RowKernelsTest, WhatIsNoNumberStaysSo) {
  for (const RowKernels& kernels : all_row_kernels()) {
    std::vector<float> x(16, std::nanf(""));
    const std::vector<float> zeros(16, 0.0F);
    kernels.f32.add_relu(x.data(), zeros.data(), 0, 16);
    EXPECT_TRUE(std::isnan(x[5])) << kernels.name;
    kernels.f32.relu_drop(x.data(), 0, 16, make_dropout_mask(0, 1));
    EXPECT_TRUE(std::isnan(x[5])) << kernels.name;
    std::vector<Bfloat16Bits> half(16, 0x7FC0);
    const std::vector<Bfloat16Bits> none(16, 0);
    kernels.bf16.add_relu(half.data(), none.data(), 0, 16);
    EXPECT_TRUE(std::isnan(number(half[5]))) << kernels.name;
  }
}

TEST(RowKernelsTest, AScoreThatIsNoNumberSpoilsItsRow) {
  const DropoutMask mask = make_dropout_mask(0, 1);
  for (const RowKernels& kernels : all_row_kernels()) {
    for (const bool every : {false, true}) {
      std::vector<float> scores = whole_vectors(std::vector<float>(20, every ? NAN : 1.0F));
      scores[7] = NAN;
      const std::vector<float> first = scores, ones(scores.size(), 1.0F);
      const float log_sum =
          kernels.f32.softmax_drop(scores.data(), scores.data(), 20, nullptr, 1, 0, mask);
      EXPECT_TRUE(std::isnan(log_sum)) << kernels.name;
      for (std::size_t i = 0; i < 20; ++i) EXPECT_TRUE(std::isnan(scores[i])) << kernels.name << i;
      std::vector<float> again(scores.size()), change(scores.size());
      kernels.f32.softmax_drop_backward(first.data(), ones.data(), again.data(), change.data(), 20,
                                        nullptr, 1, log_sum, 0, 0, mask);
      for (std::size_t i = 0; i < 20; ++i) EXPECT_TRUE(std::isnan(change[i])) << kernels.name << i;
    }
    // A key that may not be looked at is without influence.
    std::vector<float> scores = whole_vectors(std::vector<float>(20, 1.0F));
    scores[7] = NAN;
    std::vector<std::uint8_t> allowed(20, 1);
    allowed[7] = 0;
    kernels.f32.softmax_drop(scores.data(), scores.data(), 20, allowed.data(), 1, 0, mask);
    EXPECT_FLOAT_EQ(scores[8], 1.0F / 19) << kernels.name;
    EXPECT_EQ(scores[7], 0) << kernels.name;
  }
}

TEST(RowKernelsTest, ARowWithNothingToLookAtHasNoWeights) {
  std::vector<float> scores = whole_vectors(std::vector<float>(20, 1.0F));
  const std::vector<std::uint8_t> none(20, 0);
  row_kernels().f32.softmax_drop(scores.data(), scores.data(), 20, none.data(), 1, 0,
                                 make_dropout_mask(0, 1));
  for (const float weight : scores) EXPECT_EQ(weight, 0);
}

}  // namespace
}  // namespace intr
