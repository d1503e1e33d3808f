// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_identity.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "intr/core/error.h"
#include "intr/model/parameter_table.h"
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
  static std::string fault(const Checkpoint& saved, const Checkpoint& now,
                           const std::vector<std::string>& allowed = {}) {
    try {
      static_cast<void>(require_same_run(saved, now, allowed, "ckpt.h5"));
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
  static ModelConfig model_of(const Checkpoint& checkpoint) {
    return model_config_from_json(checkpoint.config.at("model"), "x");
  }
  static CheckpointTensor tensor(const std::string& name, const std::vector<std::int64_t>& shape) {
    CheckpointTensor made;
    made.name = name;
    made.shape = shape;
    return made;
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

/// Machine, messages, paths, logging, saving, evaluation, speed of reading, and the schedule.
TEST_F(RunIdentityTest, WhatIsNoPartOfTheRunMayChangeInsideAnEpoch) {
  const std::vector<std::function<void(TrainOptions&)>> changes = {
      [](auto& o) { o.place.threads = 7; },       [](auto& o) { o.place.loader_threads = 7; },
      [](auto& o) { o.place.device = "cuda"; },   [](auto& o) { o.place.comm = "fixed"; },
      [](auto& o) { o.bucket_mb = 3; },           [](auto& o) { o.replan = true; },
      [](auto& o) { o.micro_batch = 1; },         [](auto& o) { o.data = "elsewhere/set"; },
      [](auto& o) { o.out = "elsewhere"; },       [](auto& o) { o.log_every = 3; },
      [](auto& o) { o.quiet = o.json = true; },   [](auto& o) { o.save_every = "3steps"; },
      [](auto& o) { o.keep = o.keep_every = 9; }, [](auto& o) { o.eval_every = 3; },
      [](auto& o) { o.eval_batch_size = 3; },     [](auto& o) { o.eval_batching = "reference"; },
      [](auto& o) { o.reading.slots = 9; },       [](auto& o) { o.schedule.epochs = 3; },
      [](auto& o) { o.max_steps = 3; },           [](auto& o) { o.adamw.weight_decay = 0.5; },
      [](auto& o) { o.trace = "t.json"; },        [](auto& o) { o.trace_steps = "1:2"; }};
  const Checkpoint saved = within_epoch(identity({}));
  for (std::size_t i = 0; i < changes.size(); ++i) {
    TrainOptions other;
    changes[i](other);
    const Checkpoint now = within_epoch(identity(other));
    EXPECT_EQ(fault(saved, now), "") << i;
    EXPECT_EQ(require_same_run(saved, now, {}, "x").place.next_step, 7) << i;
    EXPECT_TRUE(require_same_run(saved, now, {}, "x").changes.empty()) << i;
  }
}

TEST_F(RunIdentityTest, EverythingElseMayNotAndIsNamedAtOnce) {
  TrainOptions other;
  other.model.nheads = 4;
  other.freeze = "stem";
  other.seed = 5;
  other.augmentation = "flip";
  other.batch_size = 6;
  other.bucket_window = 1;
  const std::string text = fault(identity({}), identity(other), {"seed"});
  for (const char* words :
       {"ckpt.h5", "model nheads is 8 there, 4 here", "freeze is \"none\" there, \"stem\" here",
        "transform is \"train\" there, \"flip\" here", "batch_size is 48 there, 6 here",
        "bucket_window is 50 there, 1 here", "--out", "--fresh"})
    EXPECT_NE(text.find(words), std::string::npos) << words << " in " << text;
  EXPECT_EQ(text.find("seed is"), std::string::npos) << "that is allowed";
  EXPECT_EQ(text.find("--allow-change"), std::string::npos) << "no such option helps with freeze";
  other.freeze = "auto";
  EXPECT_NE(fault(identity({}), identity(other))
                .find("add --allow-change augmentation --allow-change batch-size --allow-change "
                      "bucket-window --allow-change model --allow-change seed"),
            std::string::npos);
}

TEST_F(RunIdentityTest, WhatIsAllowedIsTakenFromTheOptions) {
  TrainOptions other;
  other.seed = 5;
  const Continuation run = require_same_run(within_epoch(identity({})),
                                            within_epoch(identity(other)), {"seed", "data"}, "x");
  EXPECT_EQ(run.place.epoch, 3) << "the epoch after the one that was begun";
  EXPECT_EQ(run.place.next_step, 0);
  EXPECT_EQ(run.place.seed, 5u);
  ASSERT_EQ(run.changes.size(), 1u);
  EXPECT_EQ(run.changes[0].field, "seed");
  EXPECT_EQ(run.changes[0].there, 42);
  EXPECT_EQ(run.changes[0].here, 5);
  EXPECT_EQ(run.changes[0].name, "seed");
}

TEST_F(RunIdentityTest, EveryNameAllowsSomething) {
  const std::map<std::string, std::function<void(TrainOptions&)>> changes = {
      {"augmentation", [](auto& o) { o.augmentation = "flip"; }},
      {"batch-size", [](auto& o) { o.batch_size = 6; }},
      {"bucket-window", [](auto& o) { o.bucket_window = 1; }},
      {"last-batch", [](auto& o) { o.last_batch = "drop"; }},
      {"model", [](auto& o) { o.model.dropout = 0.5; }},
      {"order", [](auto& o) { o.order = "sequential"; }},
      {"precision", [](auto& o) { o.precision = "bf16"; }},
      {"seed", [](auto& o) { o.seed = 5; }},
      {"virtual-shards", [](auto& o) { o.virtual_shards = 8; }}};
  Checkpoint saved = identity({});
  for (const ParameterRow& row : parameter_table(model_of(saved)))
    saved.tensors.push_back(tensor(row.name, row.shape));
  for (const char* name : kChangeNames) {
    Checkpoint now = identity({});
    if (changes.contains(name)) {
      TrainOptions other;
      changes.at(name)(other);
      now = identity(other);
    } else {
      now.sampler["dataset_id"] = "another";
    }
    EXPECT_NE(fault(saved, now).find(std::string("--allow-change ") + name), std::string::npos)
        << name << ": " << fault(saved, now);
    EXPECT_EQ(fault(saved, now, {name}), "");
  }
}

TEST_F(RunIdentityTest, ACheckpointOlderThanAnOptionHasItsUsualValue) {
  TrainOptions other;
  other.virtual_shards = 8;
  other.precision = "bf16";
  Checkpoint older = identity({});
  for (const char* name : {"virtual-shards", "precision"}) older.config["train"].erase(name);
  EXPECT_EQ(fault(older, identity({})), "");
  const std::string text = fault(older, identity(other));
  EXPECT_NE(text.find("virtual-shards is 0 there, 8 here"), std::string::npos) << text;
  EXPECT_NE(text.find("precision is \"fp32\" there, \"bf16\" here"), std::string::npos) << text;
}

TEST_F(RunIdentityTest, AnotherModelNeedsTheSameTensors) {
  TrainOptions other;
  other.model.hidden_dim = 64;
  Checkpoint saved = identity({});
  for (const ParameterRow& row : parameter_table(model_of(saved)))
    saved.tensors.push_back(tensor(row.name, row.shape));
  const std::string text = fault(saved, identity(other), {"model"});
  EXPECT_NE(text.find("changes its tensors"), std::string::npos) << text;
  EXPECT_NE(text.find("--finetune"), std::string::npos) << text;
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
  renamed.classes[1] = std::string("z");
  EXPECT_NE(fault(identity({}), renamed, {"data"}).find("class 1 is"), std::string::npos);
  Checkpoint fewer = identity({});
  fewer.classes.pop_back();
  EXPECT_NE(fault(identity({}), fewer, {"data"}).find("3 classes"), std::string::npos);
}

}  // namespace
}  // namespace intr
