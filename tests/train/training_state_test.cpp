// SPDX-License-Identifier: Apache-2.0
#include "intr/train/training_state.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstring>
#include <memory>

#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"
#include "intr/model/initialization.h"

namespace intr {
namespace {

ModelConfig small() {
  ModelConfig config;
  config.backbone = "resnet18";
  config.backbone_stages = 3;
  config.hidden_dim = 16;
  config.nheads = 2;
  config.enc_layers = 1;
  config.dec_layers = 1;
  config.dim_feedforward = 16;
  config.num_classes = 3;
  config.image_size = 32;
  return config;
}

const TrainableOptions kStem{.freeze = "stem"};

/// A state with initial values and moments that are not zero.
std::unique_ptr<TrainingState> filled(const TrainableOptions& options, std::uint64_t seed) {
  auto state = std::make_unique<TrainingState>(small(), options, at::kCPU);
  state->set_tensors(initialize_from_scratch(small(), seed));
  std::vector<float> values(static_cast<std::size_t>(state->num_parameters()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 1000);
  state->flat().from_logical(values, state->flat().exp_avg());
  state->flat().from_logical(values, state->flat().exp_avg_sq());
  return state;
}

TEST(TrainingState, SnapshotsHoldEveryTensorInItsPublishedOrder) {
  const auto state = filled(kStem, 1);
  Checkpoint checkpoint;
  state->snapshot(checkpoint);
  const auto rows = parameter_table(small());
  ASSERT_EQ(checkpoint.tensors.size(), rows.size());
  const TensorMap first = initialize_from_scratch(small(), 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CheckpointTensor& tensor = checkpoint.tensors[i];
    EXPECT_EQ(tensor.name, rows[i].name);
    const bool frozen = is_frozen(rows[i].name, "stem");
    EXPECT_EQ(tensor.kind, rows[i].buffer ? TensorKind::kBuffer
                           : frozen       ? TensorKind::kFrozen
                                          : TensorKind::kTrainable)
        << tensor.name;
    const at::Tensor value = first.at(tensor.name).contiguous();  // logical row-major order
    EXPECT_EQ(std::memcmp(value.data_ptr<float>(), checkpoint.values(tensor),
                          tensor.num_values() * sizeof(float)),
              0)
        << tensor.name;
  }
}

TEST(TrainingState, ACheckpointGivesTheSameStateBack) {
  const auto state = filled(kStem, 1);
  Checkpoint checkpoint;
  state->snapshot(checkpoint);
  const auto other = filled(kStem, 2);
  EXPECT_NE(other->hash(), state->hash());
  other->set_checkpoint(checkpoint, "file");
  EXPECT_EQ(other->hash(), state->hash());
  Checkpoint again;
  other->snapshot(again);
  EXPECT_EQ(again.exp_avg, checkpoint.exp_avg);
  EXPECT_EQ(again.exp_avg_sq, checkpoint.exp_avg_sq);
}

TEST(TrainingState, ACheckpointOfAnotherTrainableSetIsRefused) {
  Checkpoint checkpoint;
  filled(kStem, 1)->snapshot(checkpoint);
  TrainingState all(small(), {.freeze = "none"}, at::kCPU);
  try {
    all.set_checkpoint(checkpoint, "file");
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_NE(std::string(error.what()).find("is frozen there"), std::string::npos) << error.what();
  }
  TrainingState same(small(), kStem, at::kCPU);
  checkpoint.tensors.pop_back();
  EXPECT_THROW(same.set_checkpoint(checkpoint, "file"), EnvironmentError);
}

TEST(TrainingState, BroadcastMakesEveryRankEqualToTheFirst) {
  MpiEnvironment mpi;
  const auto communicator = make_communicator(mpi.world_size() == 1 ? "self" : "mpi", mpi);
  const auto state = filled(kStem, static_cast<std::uint64_t>(1 + mpi.rank()));
  state->broadcast(*communicator);
  EXPECT_EQ(state->hash(), filled(kStem, 1)->hash());
}

}  // namespace
}  // namespace intr
