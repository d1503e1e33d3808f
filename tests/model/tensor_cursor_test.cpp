// SPDX-License-Identifier: Apache-2.0
#include "intr/model/tensor_cursor.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "intr/core/error.h"

namespace intr {
namespace {

std::vector<ParameterRow> two_rows() {
  std::vector<ParameterRow> rows(2);
  rows[0].name = "b";
  rows[0].shape = {2, 3};
  rows[1].name = "a";
  rows[1].shape = {2};
  return rows;
}

TEST(TensorCursor, HandsTensorsOutInTheTablesOrder) {
  const auto rows = two_rows();
  const TensorMap tensors = {{"a", torch::ones({2})}, {"b", torch::zeros({2, 3})}};
  TensorCursor cursor(rows, tensors);
  EXPECT_THROW(cursor.require_end(), InternalError);
  const Affine map(cursor);
  EXPECT_TRUE(map.weight.is_same(tensors.at("b")));
  EXPECT_TRUE(map.bias.is_same(tensors.at("a")));
  EXPECT_NO_THROW(cursor.require_end());
  EXPECT_THROW(cursor.next(), InternalError);
}

TEST(TensorCursor, MissingTensorsAndOtherShapesAreNamed) {
  const auto rows = two_rows();
  const auto message = [&](const TensorMap& tensors) -> std::string {
    try {
      const TensorCursor cursor(rows, tensors);
    } catch (const InternalError& error) {
      EXPECT_EQ(error.code(), ExitCode::kBug);
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message({{"b", torch::zeros({2, 3})}}).rfind("a: no tensor was given", 0), 0U);
  EXPECT_EQ(message({{"a", torch::ones({2})}, {"b", torch::zeros({3, 2})}})
                .rfind("b: has the shape [3, 2], the model needs [2, 3]", 0),
            0U);
}

TEST(TensorCursor, LayerNormCentersAndScales) {
  const std::vector<ParameterRow> rows = [] {
    std::vector<ParameterRow> made(2);
    made[0].name = "weight";
    made[1].name = "bias";
    made[0].shape = made[1].shape = {4};
    return made;
  }();
  const TensorMap tensors = {{"weight", torch::full({4}, 2.0)}, {"bias", torch::ones({4})}};
  TensorCursor cursor(rows, tensors);
  const at::Tensor y = layer_norm(Affine(cursor), torch::tensor({{1.F, 1.F, 3.F, 3.F}}));
  EXPECT_TRUE(torch::allclose(y, torch::tensor({{-1.F, -1.F, 3.F, 3.F}}), 1e-4, 1e-4));
}

}  // namespace
}  // namespace intr
