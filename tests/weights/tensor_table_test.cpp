// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/tensor_table.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace intr {
namespace {

TEST(TensorTable, ItemSizesAndNames) {
  EXPECT_EQ(item_size(DType::f64), 8);
  EXPECT_EQ(item_size(DType::f32), 4);
  EXPECT_EQ(item_size(DType::bf16), 2);
  EXPECT_EQ(item_size(DType::boolean), 1);
  EXPECT_EQ(item_size(DType::other), 0);
  EXPECT_EQ(name_of(DType::f64), "f64");
  EXPECT_EQ(name_of(DType::boolean), "bool");
  EXPECT_EQ(dtype_of<float>(), DType::f32);
}

TEST(TensorTable, ValuesAreTheProductOfTheShape) {
  TensorEntry entry;
  EXPECT_EQ(entry.num_values(), 1);  // a scalar
  entry.shape = {2, 3, 4};
  EXPECT_EQ(entry.num_values(), 24);
  entry.shape = {2, 0};
  EXPECT_EQ(entry.num_values(), 0);
}

TEST(TensorTable, RowMajorStrides) {
  EXPECT_EQ(row_major_stride({2, 3, 4}), (std::vector<std::int64_t>{12, 4, 1}));
  EXPECT_TRUE(row_major_stride({}).empty());
  const std::int64_t many = std::int64_t{1} << 62;
  EXPECT_EQ(row_major_stride({0, many, many}).size(), 3U) << "an empty tensor may claim anything";
}

TEST(TensorTable, KnowsRowMajorViews) {
  const auto is_row_major = [](std::vector<std::int64_t> shape, std::vector<std::int64_t> stride) {
    TensorEntry entry;
    entry.shape = std::move(shape);
    entry.stride = std::move(stride);
    return entry.is_row_major();
  };
  EXPECT_TRUE(is_row_major({2, 3}, {3, 1}));
  EXPECT_FALSE(is_row_major({2, 3}, {1, 2}));
  EXPECT_FALSE(is_row_major({2, 3}, {0, 0}));
  EXPECT_TRUE(is_row_major({1, 3}, {99, 1})) << "the stride of one row is never used";
  EXPECT_TRUE(is_row_major({0, 3}, {7, 7}));
  EXPECT_TRUE(is_row_major({}, {}));
}

}  // namespace
}  // namespace intr
