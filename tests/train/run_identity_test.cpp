// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_identity.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "support/colored_squares.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class RunIdentityTest : public testing::Test {
 protected:
  Checkpoint identity(TrainOptions options) const {
    OptionSet set("test", "");
    describe(options, set);
    options.model.num_classes = 3;
    Checkpoint checkpoint;
    describe_run(checkpoint, options, set.values(), index_);
    return checkpoint;
  }
  /// Message of the EnvironmentError; empty if the run is the same.
  static std::string fault(const Checkpoint& saved, const Checkpoint& now) {
    try {
      static_cast<void>(require_same_run(saved, now, false, "ckpt.h5"));
    } catch (const EnvironmentError& error) {
      return error.what();
    }
    return {};
  }
  /// The same checkpoint after some steps of its third epoch.
  static Checkpoint within_epoch(Checkpoint checkpoint) {
    checkpoint.sampler["num_samples"] = 4800;
    checkpoint.sampler["epoch"] = 2;
    checkpoint.sampler["next_step"] = 7;
    return checkpoint;
  }
  test::TempDir folder_;
  const DataIndex index_ = DataIndex::open(test::make_colored_squares(folder_.path()), "train");
};

TEST_F(RunIdentityTest, TheSameOptionsAreTheSameRun) {
  EXPECT_EQ(fault(identity({}), identity({})), "");
}

TEST_F(RunIdentityTest, SpeedAndPlaceMayChange) {
  TrainOptions other;
  other.micro_batch = 3;
  other.place.threads = 7;
  other.out = "elsewhere";
  other.schedule.lr = 1;
  EXPECT_EQ(fault(identity({}), identity(other)), "");
  const auto changes = changed_options(identity({}), identity(other));
  ASSERT_EQ(changes.size(), 3u);  // paths are no part of it
  EXPECT_EQ(changes[0], "micro-batch 12 -> 3");
}

TEST_F(RunIdentityTest, TheModelMayNot) {
  TrainOptions other;
  other.model.nheads = 4;
  other.freeze = "stem";
  const std::string text = fault(identity({}), identity(other));
  for (const char* words : {"model nheads is 8 there, 4 here", "freeze is \"none\" there"})
    EXPECT_NE(text.find(words), std::string::npos) << words << " in " << text;
}

TEST_F(RunIdentityTest, VirtualShardsMayNot) {
  TrainOptions other;
  other.virtual_shards = 8;
  EXPECT_NE(fault(identity({}), identity(other)).find("virtual-shards is 0 there, 8 here"),
            std::string::npos);
  EXPECT_NE(fault(identity(other), identity({})).find("virtual-shards is 8 there, 0 here"),
            std::string::npos);
  Checkpoint older = identity({});
  older.config["train"].erase("virtual-shards");
  EXPECT_EQ(fault(older, identity({})), "");
  EXPECT_NE(fault(older, identity(other)), "");
}

TEST_F(RunIdentityTest, WhatDecidesTheSequenceOfSamplesMayNot) {
  TrainOptions other;
  other.seed = 5;
  other.augmentation = "flip";
  const std::string text = fault(identity({}), identity(other));
  for (const char* words : {"seed is 42 there, 5 here",
                            "transform is \"train\" there, \"flip\" here", "--allow-data-change"})
    EXPECT_NE(text.find(words), std::string::npos) << words << " in " << text;
  const LoaderState place =
      require_same_run(within_epoch(identity({})), identity(other), true, "x");
  EXPECT_EQ(place.epoch, 3);  // the epoch after the one that was begun
  EXPECT_EQ(place.next_step, 0);
}

TEST_F(RunIdentityTest, StepsMayBeCutAnewWhereAnEpochBegins) {
  TrainOptions other;
  other.batch_size = 6;
  other.bucket_window = 1;
  EXPECT_EQ(fault(identity({}), identity(other)), "");
  const std::string text = fault(within_epoch(identity({})), within_epoch(identity(other)));
  for (const char* words : {"batch_size is 48 there, 6 here", "bucket_window is 50 there, 1 here"})
    EXPECT_NE(text.find(words), std::string::npos) << words << " in " << text;
}

TEST_F(RunIdentityTest, ParityIsThePublishedOrder) {
  TrainOptions parity;
  parity.parity = true;
  TrainOptions spelled;
  spelled.bucket_window = 1;
  spelled.last_batch = "drop";
  EXPECT_EQ(identity(parity).sampler, identity(spelled).sampler);
  EXPECT_NE(identity(parity).sampler, identity({}).sampler);
  EXPECT_EQ(parity.eval_batching_choice(), "reference");
}

TEST_F(RunIdentityTest, OtherClassesAreOtherData) {
  Checkpoint renamed = identity({});
  renamed.classes[1] = "z";
  EXPECT_THROW(require_same_run(identity({}), renamed, true, "ckpt.h5"), DataError);
  Checkpoint fewer = identity({});
  fewer.classes.pop_back();
  EXPECT_THROW(require_same_run(identity({}), fewer, true, "ckpt.h5"), DataError);
}

}  // namespace
}  // namespace intr
