// SPDX-License-Identifier: Apache-2.0
#include "intr/model/initialization.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "intr/model/backbone.h"
#include "support/small_model.h"

namespace intr {
namespace {

ModelConfig config_128() {
  ModelConfig config = test::small_config();
  config.hidden_dim = 128;
  config.dim_feedforward = 256;
  config.num_classes = 50;
  config.backbone_stages = 3;
  return config;
}

class FromScratch : public testing::Test {
 protected:
  static void SetUpTestSuite() { tensors_ = initialize_from_scratch(config_128(), 42); }
  static void TearDownTestSuite() { tensors_.clear(); }
  static inline TensorMap tensors_;
  const at::Tensor& get(const std::string& name) const { return tensors_.at(name); }
  void expect_uniform(const std::string& name, double bound) const {
    const at::Tensor& t = get(name);
    EXPECT_LE(t.abs().max().item<double>(), bound * (1 + 1e-6)) << name;
    EXPECT_NEAR(t.std().item<double>(), bound / std::sqrt(3.0), bound * 0.03) << name;
    EXPECT_NEAR(t.mean().item<double>(), 0, bound * 0.05) << name;
  }
  void expect_normal(const std::string& name, double std) const {
    EXPECT_NEAR(get(name).std().item<double>(), std, std * 0.03) << name;
    EXPECT_NEAR(get(name).mean().item<double>(), 0, std * 0.05) << name;
    EXPECT_GT(get(name).abs().max().item<double>(), 3 * std) << name;
  }
};

TEST_F(FromScratch, MatricesAreXavierUniform) {
  expect_uniform("transformer.encoder.layers.0.self_attn.in_proj_weight", std::sqrt(6.0 / 512));
  expect_uniform("transformer.decoder.layers.1.multihead_attn.out_proj.weight",
                 std::sqrt(6.0 / 256));
  expect_uniform("transformer.decoder.layers.1.linear2.weight", std::sqrt(6.0 / 384));
}

TEST_F(FromScratch, TheRestFollowsThePublishedRules) {
  expect_normal("query_embed.weight", 1);
  expect_uniform("input_proj.weight", 1 / std::sqrt(256.0));
  expect_normal("backbone.0.body.layer3.0.conv1.weight", std::sqrt(2.0 / (256 * 9)));
  expect_normal("backbone.0.body.conv1.weight", std::sqrt(2.0 / (64 * 49)));
  EXPECT_LE(get("presence_vector.weight").abs().max().item<double>(), 1 / std::sqrt(128.0));
  EXPECT_EQ(get("transformer.encoder.layers.1.self_attn.in_proj_bias").abs().max().item<float>(),
            0);
  EXPECT_TRUE(torch::equal(get("transformer.decoder.norm.weight"), torch::ones({128})));
  EXPECT_TRUE(torch::equal(get("backbone.0.body.bn1.running_var"), torch::ones({64})));
  EXPECT_TRUE(torch::equal(get("backbone.0.body.bn1.running_mean"), torch::zeros({64})));
}

TEST_F(FromScratch, FeedForwardBiasesAreAlikeInAllLayersAndMatricesAreNot) {
  const at::Tensor& bias = get("transformer.encoder.layers.0.linear1.bias");
  EXPECT_TRUE(torch::equal(bias, get("transformer.encoder.layers.1.linear1.bias")));
  EXPECT_FALSE(torch::equal(bias, get("transformer.decoder.layers.1.linear1.bias")));
  EXPECT_LE(bias.abs().max().item<double>(), 1 / std::sqrt(128.0));
  EXPECT_FALSE(torch::equal(get("transformer.encoder.layers.0.linear1.weight"),
                            get("transformer.encoder.layers.1.linear1.weight")));
}

TEST_F(FromScratch, TheSeedDecidesAlone) {
  const TensorMap again = initialize_from_scratch(config_128(), 42);
  const TensorMap other = initialize_from_scratch(config_128(), 43);
  for (const auto& [name, tensor] : tensors_) EXPECT_TRUE(torch::equal(tensor, again.at(name)));
  EXPECT_FALSE(torch::equal(get("query_embed.weight"), other.at("query_embed.weight")));
}

TEST_F(FromScratch, LearnedPositionsAreBetween0And1) {
  ModelConfig config = config_128();
  config.position_embedding = "learned";
  const TensorMap tensors = initialize_from_scratch(config, 1);
  const at::Tensor& rows = tensors.at("backbone.1.row_embed.weight");
  EXPECT_GE(rows.min().item<float>(), 0);
  EXPECT_LE(rows.max().item<float>(), 1);
  EXPECT_NEAR(rows.mean().item<float>(), 0.5, 0.02);
}

class Calibration : public testing::TestWithParam<const char*> {
 protected:
  Calibration() {
    config_.backbone = GetParam();
    config_.backbone_stages = 3;
    tensors_ = initialize_from_scratch(config_, 42);
  }
  ModelConfig config_ = test::small_config();
  TensorMap tensors_;
};

/// Statistics of a norm's output over all batches, largest deviation from mean 0 and from std 1.
struct Deviation {
  double mean = 0, std = 0;
};
Deviation deviation(const std::vector<at::Tensor>& outputs) {
  std::vector<at::Tensor> pixels;
  for (const at::Tensor& y : outputs) pixels.push_back(y.permute({0, 2, 3, 1}).flatten(0, 2));
  const at::Tensor all = torch::cat(pixels).to(at::kDouble);
  return {all.mean(0).abs().max().item<double>(),
          (all.std(0, false) - 1).abs().max().item<double>()};
}

TEST_P(Calibration, EveryNormGivesMean0AndStd1) {
  const c10::NoGradGuard no_grad;
  const std::vector<at::Tensor> batches = {test::formula_images({{96, 128}, {96, 128}}),
                                           test::formula_images({{128, 96}})};
  calibrate_frozen_norms(config_, tensors_, batches);
  std::vector<ParameterRow> rows = parameter_table(config_);
  std::erase_if(rows, [](const ParameterRow& row) { return !is_frozen(row.name, "backbone"); });
  TensorCursor cursor(rows, tensors_);
  const Backbone backbone(config_, cursor);
  const auto through = [](const NormedConvolution& conv, const std::vector<at::Tensor>& inputs) {
    std::vector<at::Tensor> outputs;
    for (const at::Tensor& x : inputs) outputs.push_back(conv.forward(x));
    const Deviation found = deviation(outputs);
    EXPECT_LE(found.mean, 1e-3);
    EXPECT_LE(found.std, 1e-2);
    return outputs;
  };
  std::vector<at::Tensor> x = through(backbone.conv1, batches);
  for (at::Tensor& batch : x) batch = stem_pool(batch.relu());
  for (const auto& stage : backbone.layer) {
    for (const ResidualBlock& block : stage) {
      std::vector<at::Tensor> y = x;
      for (std::size_t i = 0; i < block.conv.size(); ++i) {
        if (i > 0) {
          for (at::Tensor& batch : y) batch = batch.relu();
        }
        y = through(block.conv[i], y);
      }
      if (block.downsample) through(*block.downsample, x);
      for (at::Tensor& batch : x) batch = block.forward(batch);
    }
  }
}

TEST_P(Calibration, ConstantPicturesKeepScale1) {
  calibrate_frozen_norms(config_, tensors_, {torch::zeros({2, 3, 64, 64})});
  for (const auto& [name, tensor] : tensors_) {
    EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
  }
  EXPECT_TRUE(torch::equal(tensors_.at("backbone.0.body.bn1.running_var"), torch::ones({64})));
}

TEST_P(Calibration, LeavesEverythingElseAlone) {
  TensorMap before;
  for (const auto& [name, tensor] : tensors_) before.emplace(name, tensor.clone());
  calibrate_frozen_norms(config_, tensors_, {test::formula_images({{64, 64}})});
  for (const auto& [name, tensor] : tensors_) {
    const bool statistic = name.ends_with("running_mean") || name.ends_with("running_var");
    EXPECT_EQ(torch::equal(tensor, before.at(name)), !statistic) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Backbones, Calibration, testing::Values("resnet18", "resnet50"),
                         [](const auto& backbone) { return std::string(backbone.param); });

}  // namespace
}  // namespace intr
