// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/tensor_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "intr/core/hash.h"

namespace intr {
namespace {

template <class T>
TensorStatistics statistics(const std::vector<T>& values, DType type) {
  return statistics_of(std::as_bytes(std::span(values)), type);
}

TEST(TensorStatistics, KnownByHand) {
  const std::vector<float> values = {2, 4, 4, 4, 5, 5, 7, 9};
  const TensorStatistics facts = statistics(values, DType::f32);
  EXPECT_EQ(facts.minimum, 2);
  EXPECT_EQ(facts.maximum, 9);
  EXPECT_EQ(facts.mean, 5);
  EXPECT_EQ(facts.deviation, 2);
  EXPECT_EQ(facts.num_nan, 0);
  EXPECT_EQ(facts.num_infinite, 0);
  EXPECT_EQ(facts.xxh3, xxh3_64(std::as_bytes(std::span(values))));
}

TEST(TensorStatistics, WhatIsNotFiniteIsCountedAlone) {
  const float infinity = std::numeric_limits<float>::infinity();
  const TensorStatistics facts =
      statistics<float>({NAN, 1, infinity, 3, -infinity, NAN, NAN}, DType::f32);
  EXPECT_EQ(facts.num_nan, 3);
  EXPECT_EQ(facts.num_infinite, 2);
  EXPECT_EQ(facts.minimum, 1);
  EXPECT_EQ(facts.maximum, 3);
  EXPECT_EQ(facts.mean, 2);
  EXPECT_EQ(facts.deviation, 1);
}

TEST(TensorStatistics, NothingThatIsFinite) {
  EXPECT_EQ(statistics<float>({}, DType::f32).mean, std::nullopt);
  const TensorStatistics facts = statistics<float>({NAN}, DType::f32);
  EXPECT_EQ(facts.minimum, std::nullopt);
  EXPECT_EQ(facts.deviation, std::nullopt);
  EXPECT_EQ(facts.num_nan, 1);
}

TEST(TensorStatistics, EveryType) {
  EXPECT_EQ(statistics<double>({-1.5, 2.5}, DType::f64).minimum, -1.5);
  EXPECT_EQ(statistics<std::uint16_t>({0x3C00, 0xC000}, DType::f16).minimum, -2);
  EXPECT_EQ(statistics<std::uint16_t>({0x7E00, 0x7C00}, DType::f16).num_nan, 1);
  EXPECT_EQ(statistics<std::uint16_t>({0x3F80, 0xC000}, DType::bf16).maximum, 1);
  EXPECT_EQ(statistics<std::int64_t>({-5, 7}, DType::i64).minimum, -5);
  EXPECT_EQ(statistics<std::int32_t>({-5, 7}, DType::i32).maximum, 7);
  EXPECT_EQ(statistics<std::int16_t>({-5, 7}, DType::i16).mean, 1);
  EXPECT_EQ(statistics<std::int8_t>({-128, 127}, DType::i8).minimum, -128);
  EXPECT_EQ(statistics<std::uint8_t>({0, 255}, DType::u8).maximum, 255);
  EXPECT_EQ(statistics<std::uint8_t>({0, 1}, DType::boolean).mean, 0.5);
}

TEST(TensorStatistics, MoreThanABlockFarFromZero) {
  std::vector<double> values(200'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1e8 + (i % 2 == 0 ? 1.0 : -1.0);
  const TensorStatistics facts = statistics(values, DType::f64);
  EXPECT_EQ(facts.mean, 1e8);
  EXPECT_EQ(facts.deviation, 1);
}

}  // namespace
}  // namespace intr
