// SPDX-License-Identifier: Apache-2.0
// Runs that start from a weight file, on one and two ranks.
#include "intr/train/run_opening.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/model_checkpoint.h"
#include "support/training_job_fixture.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class RunOpeningTest : public test::TrainingJobTest {
 protected:
  RunOpeningTest() {
    config_ = test::tiny_options("", "").model;
    config_.num_classes = 5;  // the data has 3
    if (writes()) write_checkpoint(path("source.h5"), test::model_checkpoint(config_));
    communicator_->barrier(tag_);
  }

  /// Options that leave the model to the file and change no weight: the learning rate is 0.
  TrainOptions options(const std::string& run) const {
    TrainOptions options = TrainingJobTest::options(run);
    const std::int64_t image_size = options.model.image_size;
    options.model = ModelConfig{};
    options.model.image_size = image_size;
    options.finetune = path("source.h5");
    options.schedule.lr = 0;
    options.schedule.lr_backbone = 1e-60;  // 0 would freeze the backbone
    options.schedule.epochs = 1;
    return options;
  }

  ModelConfig config_;
};

std::vector<float> values_of(const Checkpoint& checkpoint, const std::string& name) {
  const CheckpointTensor* tensor = checkpoint.find(name);
  const float* first = checkpoint.values(*tensor);
  return {first, first + tensor->num_values()};
}

TEST_F(RunOpeningTest, TheRunStartsFromTheFilesValues) {
  EXPECT_EQ(run(options("run")), ExitCode::kDone);
  if (!writes()) return;
  const Checkpoint made = newest("run");
  const Checkpoint source = read_checkpoint(path("source.h5"));
  for (const CheckpointTensor& tensor : source.tensors) {
    if (tensor.name == "query_embed.weight") continue;
    EXPECT_EQ(values_of(made, tensor.name), values_of(source, tensor.name)) << tensor.name;
  }
  const std::vector<float> rows = values_of(source, "query_embed.weight");
  const auto kept = static_cast<std::ptrdiff_t>(3 * config_.hidden_dim);
  EXPECT_EQ(values_of(made, "query_embed.weight"),
            std::vector<float>(rows.begin(), rows.begin() + kept));
  EXPECT_EQ(made.find("backbone.0.body.conv1.weight")->kind, TensorKind::kFrozen)
      << "a backbone from a file keeps its stem";
  EXPECT_EQ(made.config.at("model").at("hidden_dim"), 32);
  EXPECT_EQ(made.config.at("train").at("hidden-dim"), 32) << "as decided, not as by default";
  EXPECT_FALSE(made.config.at("train").contains("finetune")) << "a place of this machine";
}

TEST_F(RunOpeningTest, TheImportIsRecorded) {
  TrainOptions brief = options("run");
  brief.max_steps = 1;
  EXPECT_EQ(run(brief), ExitCode::kDone);
  if (!writes()) return;
  const auto report = nlohmann::ordered_json::parse(read_file(path("run/import.json")));
  EXPECT_NE(report.dump().find("presence_vector.weight"), std::string::npos);
  const auto config = nlohmann::ordered_json::parse(read_file(path("run/config.json")));
  EXPECT_EQ(config.at("paths").at("finetune"), path("source.h5"));
}

TEST_F(RunOpeningTest, ACheckpointWinsAndTheFileIsNotNeededAnyMore) {
  EXPECT_EQ(run(options("whole")), ExitCode::kDone);
  EXPECT_EQ(run(options("broken"), 2), ExitCode::kStopped);
  communicator_->barrier(tag_);
  if (writes()) fs::remove(path("source.h5"));
  communicator_->barrier(tag_);
  EXPECT_EQ(run(options("broken")), ExitCode::kDone);
  if (!writes()) return;
  EXPECT_EQ(newest("whole").param, newest("broken").param);
  EXPECT_EQ(newest("whole").exp_avg, newest("broken").exp_avg);
}

TEST_F(RunOpeningTest, TheOptimizerGoesOn) {
  TrainOptions same = options("run");
  same.import_optimizer = true;
  same.max_steps = 1;
  config_.num_classes = 3;
  if (writes()) write_checkpoint(path("source.h5"), test::model_checkpoint(config_));
  communicator_->barrier(tag_);
  EXPECT_EQ(run(same), ExitCode::kDone);
  if (!writes()) return;
  const Checkpoint made = newest("run");
  EXPECT_EQ(made.step, 1);
  EXPECT_EQ(made.schedule.at("optimizer_steps"), 13);
  // β2 = 0.999: one step with clipped gradients hardly moves the second moments.
  const Checkpoint source = read_checkpoint(path("source.h5"));
  const std::vector<float> before = source.exp_avg_sq;
  ASSERT_EQ(made.exp_avg_sq.size(), before.size());
  for (std::size_t i = 0; i < before.size(); i += 997)
    EXPECT_NEAR(made.exp_avg_sq[i], 0.999F * before[i], 1e-4F) << i;
}

/// Refusals of one rank end the others through the program's guard, so they are for one rank here.
TEST_F(RunOpeningTest, AnOptionThatContradictsTheFileIsRefused) {
  if (communicator_->world_size() > 1) return;
  TrainOptions wider = options("run");
  wider.model.hidden_dim = 64;
  wider.model.nheads = 4;
  EXPECT_THROW(run(wider, -1, "hidden-dim"), UsageError);
  EXPECT_FALSE(fs::exists(path("run/config.json"))) << "nothing was started";
}

}  // namespace
}  // namespace intr
