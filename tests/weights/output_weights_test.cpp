// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/output_weights.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "support/output_tensors.h"

namespace intr {
namespace {

std::vector<float> floats(const std::vector<std::byte>& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

TEST(OutputWeights, AWholeTensor) {
  OutputWeights weights;
  EXPECT_EQ(test::add_tensor<float>(weights, "a", {2, 3}, {1, 2, 3, 4, 5, 6}), 0U);
  EXPECT_EQ(test::add_tensor<float>(weights, "b", {}, {7}), 1U);
  const OutputTensor& a = weights.tensors[0];
  EXPECT_EQ(a.stride, (std::vector<std::int64_t>{3, 1}));
  EXPECT_EQ(weights.bytes(a), 24U);
  EXPECT_TRUE(weights.is_whole(a));
  EXPECT_EQ(weights.tensors[1].storage, 1U);
  EXPECT_EQ(floats(values_of(weights.storages[0])), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(OutputWeights, ViewsOfOneStorage) {
  OutputWeights weights;
  test::add_tensor<float>(weights, "a", {2, 3}, {1, 2, 3, 4, 5, 6});
  weights.tensors.push_back({.name = "row", .shape = {3}, .stride = {1}, .offset = 3});
  weights.tensors.push_back({.name = "transposed", .shape = {3, 2}, .stride = {1, 3}});
  weights.tensors.push_back({.name = "none", .shape = {0, 5}, .stride = {5, 1}, .offset = 6});
  const std::vector<std::byte> storage = values_of(weights.storages[0]);
  const auto values = [&](std::size_t i) {
    EXPECT_FALSE(weights.is_whole(weights.tensors[i]));
    return floats(values_of(weights, weights.tensors[i], storage));
  };
  EXPECT_EQ(values(1), (std::vector<float>{4, 5, 6}));
  EXPECT_EQ(values(2), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(values(3), std::vector<float>{});
  weights.tensors.push_back({.name = "outside", .shape = {4}, .stride = {2}});
  EXPECT_THROW(values(4), InternalError);
}

TEST(OutputWeights, ATypeThatCannotBeWritten) {
  EXPECT_THROW(values_of(OutputStorage{.type = DType::other, .num_values = 1, .fill = {}}),
               InternalError);
}

}  // namespace
}  // namespace intr
