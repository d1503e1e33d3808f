// SPDX-License-Identifier: Apache-2.0
// Parity with the plain statement of the model in tests/golden/reference_model.py: forward pass,
// gradients, and three training steps of the published recipe, through the fast path.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "model/golden.h"

namespace intr {
namespace {

using test::GoldenCase;
using test::relative;

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
  void check_gradients() const {
    for (const ParameterRow& row : trainable_) {
      const at::Tensor& gradient = tensors_.at(row.name).grad();
      ASSERT_TRUE(gradient.defined()) << row.name;
      const at::Tensor got = GoldenCase::sample(gradient);
      const at::Tensor expected = golden_.tensor("gradient/" + row.name);
      if (golden_.gradient_is_zero(row.name))
        EXPECT_LE(got.abs().max().item<float>(), 1e-5F) << row.name;
      else
        EXPECT_LE(relative(got, expected, expected), golden_.tolerance("gradient")) << row.name;
    }
  }
  void check_parameters_after_training() const {
    for (const ParameterRow& row : trainable_) {
      const at::Tensor start = GoldenCase::sample(
          test::to_tensor(test::formula_weight(row.name, row.shape, golden_.seed()), row.shape));
      const at::Tensor got = GoldenCase::sample(tensors_.at(row.name));
      const at::Tensor expected = golden_.tensor("after/" + row.name);
      const double lr = golden_.recipe(row.group == 0 ? "lr" : "lr_backbone");
      if (golden_.gradient_is_zero(row.name))
        EXPECT_LE((got - expected).abs().max().item<double>(), 3 * lr * 1.01) << row.name;
      else
        EXPECT_LE(relative(got, expected, expected - start), golden_.tolerance("update"))
            << row.name;
    }
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
    if (step == 0) check_gradients();
    losses.push_back(loss.item<double>());
    std::vector<at::Tensor> all = heads;
    all.insert(all.end(), body.begin(), body.end());
    norms.push_back(torch::nn::utils::clip_grad_norm_(all, golden_.recipe("clip_max_norm")));
    optimizer.step();
  }
  golden_.expect_relatively_near("losses", losses);
  golden_.expect_relatively_near("gradient_norms", norms);
  check_parameters_after_training();
}

INSTANTIATE_TEST_SUITE_P(Cases, IntrGolden,
                         testing::Values("r18", "r18_padded", "r18_learned", "r18_one_class", "r34",
                                         "r50_dc5_prenorm", "r101"),
                         [](const auto& case_name) { return std::string(case_name.param); });

}  // namespace
}  // namespace intr
