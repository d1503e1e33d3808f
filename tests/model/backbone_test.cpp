// SPDX-License-Identifier: Apache-2.0
#include "intr/model/backbone.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/small_model.h"

namespace intr {
namespace {

class BackboneShapes : public testing::Test {
 protected:
  static at::Tensor run(const ModelConfig& config, std::int64_t height, std::int64_t width) {
    std::vector<ParameterRow> rows = parameter_table(config);
    std::erase_if(rows, [](const ParameterRow& row) { return !is_frozen(row.name, "backbone"); });
    const TensorMap tensors = test::formula_tensors(config);
    TensorCursor cursor(rows, tensors);
    const Backbone backbone(config, cursor);
    cursor.require_end();
    return backbone.forward(test::formula_images({{height, width}}));
  }

 private:
  const c10::NoGradGuard no_grad_;
};
using Shape = std::vector<std::int64_t>;

TEST_F(BackboneShapes, SidesAreDividedByTheStrideAndRoundedUp) {
  const ModelConfig config = test::small_config();
  EXPECT_EQ(run(config, 64, 96).sizes(), (Shape{1, 512, 2, 3}));
  EXPECT_EQ(run(config, 65, 97).sizes(), (Shape{1, 512, 3, 4}));
  EXPECT_EQ(run(config, 1, 33).sizes(), (Shape{1, 512, 1, 2}));
}

TEST_F(BackboneShapes, ThreeStagesHaveStride16) {
  ModelConfig config = test::small_config();
  config.backbone_stages = 3;
  EXPECT_EQ(run(config, 96, 96).sizes(), (Shape{1, 256, 6, 6}));
  config.backbone = "resnet50";
  EXPECT_EQ(run(config, 33, 48).sizes(), (Shape{1, 1024, 3, 3}));
}

TEST_F(BackboneShapes, DilationHasStride16) {
  ModelConfig config = test::small_config();
  config.backbone = "resnet50";
  config.dilation = true;
  EXPECT_EQ(run(config, 64, 80).sizes(), (Shape{1, 2048, 4, 5}));
}

TEST_F(BackboneShapes, ActivationsStayChannelsLast) {
  EXPECT_TRUE(run(test::small_config(), 64, 96).is_contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace
}  // namespace intr
