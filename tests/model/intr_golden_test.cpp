// SPDX-License-Identifier: Apache-2.0
// Parity with the plain statement of the model in tests/golden/reference_model.py: forward pass,
// gradients, and three training steps of the published recipe, through the fast path.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "model/golden.h"

namespace intr {
namespace {

using test::GoldenCase;

class IntrGolden : public testing::TestWithParam<const char*> {
 protected:
  IntrGolden()
      : golden_(GetParam()),
        tensors_(test::formula_tensors(golden_.config(), "stem", golden_.seed())) {
    for (const ParameterRow& row : parameter_table(golden_.config()))
      if (tensors_.at(row.name).requires_grad()) trainable_.push_back(row);
  }
  IntrOutput forward(bool training) const {
    ForwardOptions options;
    options.training = training;
    options.keep_hidden = true;
    options.keep_memory = true;
    for (std::int64_t i = 0; i < golden_.config().dec_layers; ++i)
      options.capture_layers.push_back(i);
    const std::vector<ImageSize> sizes = golden_.sizes();
    return Intr(golden_.config(), tensors_).forward(golden_.images(), sizes, options);
  }
  void check_forward(const IntrOutput& out) const {
    golden_.expect_near("logits", out.logits);
    golden_.expect_near("hidden", out.hidden);
    golden_.expect_near("memory", out.memory);
    golden_.expect_near("position", out.position);
    EXPECT_TRUE(torch::equal(out.feature_padding, golden_.flags("feature_padding")));
    golden_.expect_near("attention", attention(out));
  }
  /// Weights of every captured layer. @return [L, B, N, C, S]
  static at::Tensor attention(const IntrOutput& out) {
    const at::Tensor padded = out.feature_padding.flatten(1).unsqueeze(1).unsqueeze(1);
    std::vector<at::Tensor> layers;
    for (const CrossAttentionCapture& captured : out.captured) {
      const at::Tensor scores = captured.query.matmul(captured.key.transpose(2, 3));
      layers.push_back(scores.masked_fill(padded, -INFINITY).softmax(-1));
    }
    return torch::stack(layers);
  }
  GoldenCase golden_;
  TensorMap tensors_;
  std::vector<ParameterRow> trainable_;
};

TEST_P(IntrGolden, WeightsAreThoseOfTheScript) { golden_.check_weights(tensors_); }

TEST_P(IntrGolden, EvaluationGivesTheStoredResults) {
  const c10::NoGradGuard evaluation;
  check_forward(forward(false));
}

TEST_P(IntrGolden, TrainingWithoutDropoutGivesTheStoredResults) { check_forward(forward(true)); }

TEST_P(IntrGolden, ThreeStepsGiveTheStoredParameters) {
  std::vector<at::Tensor> heads, body;
  for (const ParameterRow& row : trainable_)
    (row.group == 0 ? heads : body).push_back(tensors_.at(row.name));
  const auto options = [&](const char* lr) {
    return std::make_unique<torch::optim::AdamWOptions>(
        torch::optim::AdamWOptions(golden_.recipe(lr))
            .weight_decay(golden_.recipe("weight_decay")));
  };
  torch::optim::AdamW optimizer(std::vector<torch::optim::OptimizerParamGroup>{
      {heads, options("lr")}, {body, options("lr_backbone")}});
  const Intr model(golden_.config(), tensors_);
  const std::vector<ImageSize> sizes = golden_.sizes();
  const at::Tensor images = golden_.images();
  std::vector<double> losses, norms;
  for (int step = 0; step < 3; ++step) {
    optimizer.zero_grad();
    const at::Tensor logits = model.forward(images, sizes, {.training = true}).logits;
    const at::Tensor loss = classification_loss(logits, golden_.labels(), images.size(0));
    loss.backward();
    if (step == 0) {
      for (const ParameterRow& row : trainable_)
        golden_.expect_gradient(row.name, tensors_.at(row.name).grad());
    }
    losses.push_back(loss.item<double>());
    std::vector<at::Tensor> all = heads;
    all.insert(all.end(), body.begin(), body.end());
    norms.push_back(torch::nn::utils::clip_grad_norm_(all, golden_.recipe("clip_max_norm")));
    optimizer.step();
  }
  golden_.expect_relatively_near("losses", losses);
  golden_.expect_relatively_near("gradient_norms", norms);
  for (const ParameterRow& row : trainable_) golden_.expect_trained(row, tensors_.at(row.name));
}

INSTANTIATE_TEST_SUITE_P(Cases, IntrGolden, test::golden_cases(), test::golden_case_name);

}  // namespace
}  // namespace intr
