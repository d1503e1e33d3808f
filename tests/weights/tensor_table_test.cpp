// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/tensor_table.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace intr
