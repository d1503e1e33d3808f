// SPDX-License-Identifier: Apache-2.0
#include "intr/model/decoder.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/small_model.h"

namespace intr {
namespace {

class DecoderStack : public testing::TestWithParam<bool> {
 protected:
  DecoderStack() {
    config_.pre_norm = GetParam();
    rows_ = parameter_table(config_);
    std::erase_if(rows_, [](const ParameterRow& row) {
      return !row.name.starts_with("transformer.decoder.");
    });
    tensors_ = test::formula_tensors(config_);
    torch::manual_seed(7);
    memory_ = torch::randn({2, 6, 32});
    embed_ = torch::randn({1, 7, 32});
  }
  std::vector<at::Tensor> run(const at::Tensor& start, const at::Tensor& embed,
                              const at::Tensor& memory, std::vector<std::int64_t>* seen = nullptr) {
    TensorCursor cursor(rows_, tensors_);
    const Decoder decoder(config_, cursor);
    cursor.require_end();
    const c10::NoGradGuard no_grad;
    return decoder.forward(start, embed, memory, {}, {},
                           [&](std::int64_t layer) -> CrossAttentionCapture* {
                             if (seen != nullptr) seen->push_back(layer);
                             return nullptr;
                           });
  }

  /// Un-normed states may be large: compare by their size.
  static double relative(const at::Tensor& got, const at::Tensor& expected) {
    return ((got - expected).norm() / expected.norm()).item<double>();
  }

  ModelConfig config_ = test::small_config();
  std::vector<ParameterRow> rows_;
  TensorMap tensors_;
  at::Tensor memory_, embed_;
};

TEST_P(DecoderStack, OneStartForAllImagesEqualsOneEach) {
  const auto shared = run(torch::zeros({1, 7, 32}), embed_, memory_);
  const auto each = run(torch::zeros({2, 7, 32}), embed_, memory_);
  ASSERT_EQ(shared.size(), 2U);
  for (std::size_t layer = 0; layer < 2; ++layer)
    EXPECT_LE(relative(shared[layer], each[layer]), 1e-5);
}

TEST_P(DecoderStack, TheOrderOfTheCellsDoesNotMatter) {
  const at::Tensor order = torch::tensor({3, 1, 5, 0, 2, 4});
  const at::Tensor start = torch::zeros({1, 7, 32});
  EXPECT_LE(relative(run(start, embed_, memory_)[1],
                     run(start, embed_, memory_.index_select(1, order))[1]),
            1e-5);
}

TEST_P(DecoderStack, QueriesThatMoveGiveMovedStates) {
  const at::Tensor order = torch::tensor({6, 0, 5, 1, 4, 2, 3});
  const at::Tensor start = torch::zeros({1, 7, 32});
  EXPECT_LE(relative(run(start, embed_.index_select(1, order), memory_)[1],
                     run(start, embed_, memory_)[1].index_select(1, order)),
            1e-5);
}

TEST_P(DecoderStack, AsksEachLayerForItsCapture) {
  std::vector<std::int64_t> seen;
  run(torch::zeros({1, 7, 32}), embed_, memory_, &seen);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 1}));
}

INSTANTIATE_TEST_SUITE_P(Norms, DecoderStack, testing::Bool(),
                         [](const auto& pre_norm) { return pre_norm.param ? "pre" : "post"; });

}  // namespace
}  // namespace intr
