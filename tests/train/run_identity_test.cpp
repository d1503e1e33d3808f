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
      require_same_run(saved, now, "ckpt.h5");
    } catch (const EnvironmentError& error) {
      return error.what();
    }
    return {};
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

TEST_F(RunIdentityTest, WhatDecidesTheResultMayNot) {
  TrainOptions other;
  other.seed = 5;
  other.batch_size = 6;
  other.model.nheads = 4;
  other.freeze = "stem";
  other.bucket_window = 1;
  other.augmentation = "flip";
  const std::string text = fault(identity({}), identity(other));
  for (const char* words : {"seed is 42 there, 5 here", "batch_size is 48 there, 6 here",
                            "model nheads is 8 there, 4 here", "freeze is \"none\" there",
                            "bucket_window", "transform is \"train\" there, \"flip\" here"})
    EXPECT_NE(text.find(words), std::string::npos) << words << " in " << text;
}

TEST_F(RunIdentityTest, OtherClassesAreOtherData) {
  Checkpoint renamed = identity({});
  renamed.classes[1] = "z";
  EXPECT_THROW(require_same_run(identity({}), renamed, "ckpt.h5"), DataError);
  Checkpoint fewer = identity({});
  fewer.classes.pop_back();
  EXPECT_THROW(require_same_run(identity({}), fewer, "ckpt.h5"), DataError);
}

}  // namespace
}  // namespace intr
