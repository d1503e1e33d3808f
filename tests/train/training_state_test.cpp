// SPDX-License-Identifier: Apache-2.0
#include "intr/train/training_state.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstring>
#include <memory>

#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"
#include "intr/model/initialization.h"
#include "support/small_state.h"

namespace intr {
namespace {

ModelConfig small() { return test::small_state_config(); }

const TrainableOptions kStem{.freeze = "stem"};

TEST(TrainingState, SnapshotsHoldEveryTensorInItsPublishedOrder) {
  const auto state = test::small_state(1, kStem);
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
  const auto state = test::small_state(1, kStem);
  Checkpoint checkpoint;
  state->snapshot(checkpoint);
  const auto other = test::small_state(2, kStem);
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
  test::small_state(1, kStem)->snapshot(checkpoint);
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
  const auto state = test::small_state(static_cast<std::uint64_t>(1 + mpi.rank()), kStem);
  state->broadcast(*communicator);
  EXPECT_EQ(state->hash(), test::small_state(1, kStem)->hash());
}

}  // namespace
}  // namespace intr
