// SPDX-License-Identifier: Apache-2.0
#include "intr/model/encoder.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/small_model.h"

namespace intr {
namespace {

class EncoderStack : public testing::TestWithParam<bool> {
 protected:
  at::Tensor run(const at::Tensor& x, const at::Tensor& position, const at::Tensor& allowed) {
    ModelConfig config = test::small_config();
    config.pre_norm = GetParam();
    std::vector<ParameterRow> rows = parameter_table(config);
    std::erase_if(rows, [](const ParameterRow& row) {
      return !row.name.starts_with("transformer.encoder.");
    });
    const TensorMap tensors = test::formula_tensors(config);
    TensorCursor cursor(rows, tensors);
    const Encoder encoder(config, cursor);
    cursor.require_end();
    const c10::NoGradGuard no_grad;
    return encoder.forward(x, position, allowed, {});
  }
  const at::Tensor x_ = (torch::manual_seed(7), torch::randn({2, 6, 32}));
  const at::Tensor position_ = torch::randn({1, 6, 32});
};

TEST_P(EncoderStack, CellsThatMoveWithTheirPositionsGiveMovedResults) {
  const at::Tensor order = torch::tensor({3, 1, 5, 0, 2, 4});
  const at::Tensor straight = run(x_, position_, {});
  const at::Tensor moved = run(x_.index_select(1, order), position_.index_select(1, order), {});
  EXPECT_TRUE(torch::allclose(moved, straight.index_select(1, order), 1e-4, 1e-5));
}

TEST_P(EncoderStack, PositionsMatter) {
  EXPECT_FALSE(torch::allclose(run(x_, position_, {}), run(x_, position_ * 0, {}), 1e-2, 1e-2));
}

TEST_P(EncoderStack, PaddedCellsDoNotReachValidOnes) {
  const at::Tensor allowed =
      torch::tensor({1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1}).view({2, 1, 1, 6}).to(at::kBool);
  at::Tensor other = x_.clone();
  other[0].slice(0, 4, 6).fill_(5);
  const at::Tensor a = run(x_, position_, allowed);
  const at::Tensor b = run(other, position_, allowed);
  EXPECT_TRUE(torch::equal(a[0].slice(0, 0, 4), b[0].slice(0, 0, 4)));
  EXPECT_TRUE(torch::equal(a[1], b[1]));
}

INSTANTIATE_TEST_SUITE_P(Norms, EncoderStack, testing::Bool(),
                         [](const auto& pre_norm) { return pre_norm.param ? "pre" : "post"; });

}  // namespace
}  // namespace intr
