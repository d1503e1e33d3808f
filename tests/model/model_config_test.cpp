// SPDX-License-Identifier: Apache-2.0
#include "intr/model/model_config.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

ModelConfig good() {
  ModelConfig config;
  config.num_classes = 10;
  return config;
}

/// The message of the UsageError that validate() throws; its exit code must be 2.
std::string refusal(const ModelConfig& config) {
  try {
    config.validate();
  } catch (const UsageError& error) {
    EXPECT_EQ(error.code(), ExitCode::kUsage);
    return error.what();
  }
  return "accepted";
}

TEST(ModelConfig, DefaultsAreValid) { EXPECT_EQ(refusal(good()), "accepted"); }

TEST(ModelConfig, DilationNeedsBottlenecks) {
  ModelConfig config = good();
  config.backbone = "resnet18";
  config.dilation = true;
  EXPECT_EQ(refusal(config),
            "--dilation: resnet18 has basic blocks, which have no dilated form. Next: leave it "
            "out, or use --backbone resnet50 or resnet101");
}

TEST(ModelConfig, DilationNeedsTheFourthStage) {
  ModelConfig config = good();
  config.dilation = true;
  config.backbone_stages = 3;
  EXPECT_NE(refusal(config).find("--backbone-stages 3"), std::string::npos);
}

TEST(ModelConfig, WidthMustDivideByHeads) {
  ModelConfig config = good();
  config.hidden_dim = 100;
  config.nheads = 8;
  EXPECT_EQ(refusal(config), "--hidden-dim: 100 is no multiple of --nheads 8. Next: use 104");
  config.hidden_dim = 102;
  config.nheads = 2;
  EXPECT_NE(refusal(config).find("multiple of 4"), std::string::npos);
}

TEST(ModelConfig, EachOptionIsChecked) {
  const auto refused = [](auto change, const char* flag) {
    ModelConfig config = good();
    change(config);
    EXPECT_EQ(refusal(config).rfind(std::string("--") + flag, 0), 0U) << refusal(config);
  };
  refused([](ModelConfig& c) { c.backbone = "vgg16"; }, "backbone");
  refused([](ModelConfig& c) { c.position_embedding = "none"; }, "position-embedding");
  refused([](ModelConfig& c) { c.query_pooling = "sum"; }, "query-pooling");
  refused([](ModelConfig& c) { c.backbone_stages = 2; }, "backbone-stages");
  refused([](ModelConfig& c) { c.dropout = 1; }, "dropout");
  refused([](ModelConfig& c) { c.dropout = std::nan(""); }, "dropout");
  refused([](ModelConfig& c) { c.enc_layers = 0; }, "enc-layers");
  refused([](ModelConfig& c) { c.queries_per_class = 0; }, "queries-per-class");
  refused([](ModelConfig& c) { c.image_size = 0; }, "image-size");
}

TEST(ModelConfig, JsonKeepsEveryField) {
  ModelConfig config = good();
  config.backbone = "resnet101";
  config.dilation = true;
  config.position_embedding = "learned";
  config.enc_layers = 3;
  config.dec_layers = 4;
  config.hidden_dim = 64;
  config.nheads = 2;
  config.dim_feedforward = 99;
  config.dropout = 0.25;
  config.pre_norm = true;
  config.queries_per_class = 2;
  config.query_pooling = "mean";
  config.image_size = 96;
  EXPECT_EQ(model_config_from_json(to_json(config), "file"), config);
}

TEST(ModelConfig, JsonOfNoModelIsBadData) {
  nlohmann::ordered_json json = to_json(good());
  json["nheads"] = 7;
  EXPECT_THROW(model_config_from_json(json, "file"), DataError);
  json = to_json(good());
  json["num_classes"] = 0;
  EXPECT_THROW(model_config_from_json(json, "file"), DataError);
  json = to_json(good());
  json.erase("backbone");
  EXPECT_THROW(model_config_from_json(json, "file"), DataError);
}

TEST(ModelConfig, OptionsReachTheFields) {
  ModelConfig config;
  OptionSet options("program", "A test.");
  describe(config, options);
  ASSERT_TRUE(options.parse({"--backbone", "resnet34", "--pre-norm", "--hidden-dim", "128",
                             "--dropout", "0", "--query-pooling", "mean"},
                            ""));
  EXPECT_EQ(config.backbone, "resnet34");
  EXPECT_TRUE(config.pre_norm);
  EXPECT_EQ(config.hidden_dim, 128);
  EXPECT_EQ(config.dropout, 0);
  EXPECT_EQ(config.query_pooling, "mean");
}

}  // namespace
}  // namespace intr
