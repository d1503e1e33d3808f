// SPDX-License-Identifier: Apache-2.0
#include "intr/train/weight_start.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "intr/model/initialization.h"
#include "intr/train/training_state.h"
#include "support/damage.h"
#include "support/model_checkpoint.h"
#include "support/small_model.h"
#include "support/temp_dir.h"
#include "support/weight_files.h"

namespace intr {
namespace {

std::vector<std::string> class_names(std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) names.push_back("class " + std::to_string(i));
  return names;
}

class WeightStartTest : public testing::Test {
 protected:
  WeightStartTest() {
    write_checkpoint(file_, test::model_checkpoint(config_));
    options_.finetune = file_;
    options_.model.dropout = 0.25;
  }
  /// The moments of the file for what this run trains.
  ImportedMoments moments(const std::string& freeze, std::int64_t classes = 7) const {
    const WeightStart start(options_, {}, class_names(classes));
    TrainingState state(start.config(), {.freeze = freeze}, at::kCPU);
    return start.moments(state.flat().entries());
  }

  test::TempDir folder_;
  const ModelConfig config_ = test::small_config();
  const std::string file_ = folder_ / "model.h5";
  TrainOptions options_;
};

TEST_F(WeightStartTest, TheFileDecidesTheArchitectureAndTheRunTheRest) {
  const WeightStart start(options_, {}, class_names(7));
  ModelConfig expected = config_;
  expected.dropout = 0.25;
  EXPECT_EQ(start.config().hidden_dim, 32);
  EXPECT_EQ(to_json(start.config()).dump(), to_json(expected).dump());
}

TEST_F(WeightStartTest, EqualClassesStartFromTheFilesValues) {
  const WeightStart start(options_, {}, class_names(7));
  TensorMap tensors = initialize_from_scratch(start.config(), 1);
  start.fill(tensors);
  for (const auto& [name, expected] : test::formula_tensors(config_))
    EXPECT_TRUE(torch::equal(tensors.at(name), expected)) << name;
}

TEST_F(WeightStartTest, OtherClassesKeepThePresenceVectorAndTileTheQueries) {
  const WeightStart start(options_, {}, class_names(12));
  EXPECT_EQ(start.config().num_classes, 12);
  TensorMap tensors = initialize_from_scratch(start.config(), 1);
  start.fill(tensors);
  const TensorMap stored = test::formula_tensors(config_);
  EXPECT_TRUE(
      torch::equal(tensors.at("presence_vector.weight"), stored.at("presence_vector.weight")));
  const at::Tensor queries = tensors.at("query_embed.weight");
  EXPECT_EQ(queries.size(0), 12);
  EXPECT_TRUE(torch::equal(queries.slice(0, 0, 7), stored.at("query_embed.weight")));
  const at::Tensor noise = queries.slice(0, 7, 12) - stored.at("query_embed.weight").slice(0, 0, 5);
  EXPECT_GT(noise.abs().max().item<float>(), 0.01F);
  EXPECT_LT(noise.abs().max().item<float>(), 1.0F);
}

TEST_F(WeightStartTest, OnlyTheBackboneComesFromBackboneWeights) {
  options_.finetune.clear();
  options_.backbone_weights = folder_ / "resnet18.safetensors";
  test::write_safetensors_file(options_.backbone_weights, test::torchvision_tensors(config_));
  options_.model = config_;
  options_.model.num_classes = 3;
  const WeightStart start(options_, {}, class_names(3));
  const TensorMap scratch = initialize_from_scratch(start.config(), 1);
  TensorMap tensors = scratch;
  start.fill(tensors);
  const TensorMap stored = test::formula_tensors(config_);
  for (const auto& [name, tensor] : tensors)
    EXPECT_TRUE(
        torch::equal(tensor, name.starts_with("backbone.0.") ? stored.at(name) : scratch.at(name)))
        << name;
}

TEST_F(WeightStartTest, TheMomentsOfTheSameTensorsAreTaken) {
  const Checkpoint stored = test::model_checkpoint(config_);
  const ImportedMoments taken = moments("stem");
  EXPECT_EQ(taken.steps, 12);
  EXPECT_EQ(taken.exp_avg, stored.exp_avg);
  EXPECT_EQ(taken.exp_avg_sq, stored.exp_avg_sq);
}

TEST_F(WeightStartTest, TheMomentsOfOtherTensorsAreRefused) {
  EXPECT_THROW(moments("none"), DataError) << "this run trains more";
  EXPECT_THROW(moments("backbone"), DataError) << "this run trains fewer";
  EXPECT_THROW(moments("stem", 12), DataError) << "other queries";
}

TEST_F(WeightStartTest, AFileThatIsNoneIsRefused) {
  test::cut(file_, 5000);
  EXPECT_THROW(WeightStart(options_, {}, class_names(7)), DataError);
  options_.finetune = folder_ / "missing.pth";
  EXPECT_THROW(WeightStart(options_, {}, class_names(7)), DataError);
}

}  // namespace
}  // namespace intr
