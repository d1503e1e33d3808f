// SPDX-License-Identifier: Apache-2.0
#include "intr/train/train_options.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

TrainOptions given() {
  TrainOptions options;
  options.data = "set";
  options.out = "run";
  return options;
}

/// The message of the UsageError that these options give; empty if they are fine.
std::string fault(TrainOptions options) {
  try {
    validate(options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

TEST(TrainOptions, DefaultsAreThePublishedRecipe) {
  TrainOptions options = given();
  EXPECT_EQ(fault(options), "");
  EXPECT_EQ(options.batch_size, 48);
  EXPECT_EQ(options.schedule.lr, 5e-5);
  EXPECT_EQ(options.adamw.clip_max_norm, 0.1);
  EXPECT_EQ(options.train_transform().name(), "train");
  EXPECT_EQ(options.val_transform().name(), "val");
}

TEST(TrainOptions, AreParsedByTheirNames) {
  TrainOptions options;
  OptionSet set("intr-train", "");
  describe(options, set);
  EXPECT_TRUE(set.parse({"--data", "birds", "--out", "run", "--batch-size", "96", "--image-size",
                         "96", "--augmentation", "flip", "--lr-scheduler", "CosineAnnealingLR"},
                        ""));
  validate(options);
  EXPECT_EQ(options.batch_size, 96);
  EXPECT_EQ(options.train_transform().name(), "flip:96");
  EXPECT_EQ(options.schedule.lr_scheduler, "cosine");
  EXPECT_EQ(set.values().at("batch-size"), 96);
}

TEST(TrainOptions, AStartFromAFileIsDecided) {
  TrainOptions options = given();
  EXPECT_EQ(options.init_choice(), "calibrated");
  options.finetune = "detr.pth";
  EXPECT_EQ(options.init_choice(), "finetune");
  EXPECT_EQ(options.freeze_choice(), "stem") << "as published";
  EXPECT_EQ(fault(options), "");
  options.init = "calibrated";
  EXPECT_NE(fault(options).find("--init"), std::string::npos);
  options.init = "auto";
  options.backbone_weights = "resnet.pth";
  EXPECT_NE(fault(options).find("--backbone-weights"), std::string::npos);
  options.finetune.clear();
  EXPECT_EQ(fault(options), "");
  EXPECT_EQ(options.freeze_choice(), "stem");
  options.import_optimizer = true;
  EXPECT_NE(fault(options).find("--import-optimizer"), std::string::npos);
  options.import_optimizer = false;
  options.init = "finetune";
  EXPECT_NE(fault(options).find("--finetune FILE"), std::string::npos);
  options.init = "auto";
  options.query_init = "copy";
  EXPECT_NE(fault(options).find("tile, mean, random, match"), std::string::npos);
}

TEST(TrainOptions, FreezeIsDecided) {
  TrainOptions options = given();
  EXPECT_EQ(options.freeze_choice(), "none");
  options.freeze = "stem";
  EXPECT_EQ(options.freeze_choice(), "stem");
  options.schedule.lr_backbone = 0;
  EXPECT_EQ(options.freeze_choice(), "backbone");
}

TEST(TrainOptions, PicturesOfARankAreThoseOfTheLargestShare) {
  TrainOptions options = given();
  options.batch_size = 50;
  options.micro_batch = 12;
  EXPECT_EQ(options.pictures_of_rank(1), 50);
  EXPECT_EQ(options.pictures_of_last_pass(1), 2) << "four times 12, and 2";
  EXPECT_EQ(options.pictures_of_rank(3), 17);
  EXPECT_EQ(options.pictures_of_last_pass(3), 5);
  EXPECT_EQ(options.pictures_of_last_pass(5), 10);
  options.virtual_shards = 8;
  EXPECT_EQ(options.pictures_of_last_pass(2), 7) << "a shard is a pass";
}

TEST(TrainOptions, WrongValuesNameTheirOption) {
  const auto fault_with = [](auto change) {
    TrainOptions options = given();
    change(options);
    return fault(options);
  };
  const auto names = [](const std::string& text, const char* flag) {
    return text.find(flag) != std::string::npos;
  };
  EXPECT_TRUE(names(fault_with([](auto& o) { o.data = ""; }), "--data"));
  EXPECT_TRUE(names(fault_with([](auto& o) { o.out = ""; }), "--out"));
  EXPECT_TRUE(names(fault_with([](auto& o) { o.batch_size = 0; }), "--batch-size"));
  EXPECT_TRUE(names(fault_with([](auto& o) { o.micro_batch = -1; }), "--micro-batch"));
  EXPECT_TRUE(names(fault_with([](auto& o) { o.augmentation = "heavy"; }), "--augmentation"));
  EXPECT_TRUE(names(fault_with([](auto& o) { o.schedule.lr = -1; }), "--lr"));
  EXPECT_TRUE(names(fault_with([](auto& o) { o.save_every = "10"; }), "--save-every"));
  EXPECT_TRUE(names(fault_with([](auto& o) { o.save_every = "0steps"; }), "--save-every"));
  EXPECT_TRUE(names(fault_with([](auto& o) { o.place.device = "tpu"; }), "--device"));
  EXPECT_TRUE(names(fault_with([](auto& o) { o.model.dropout = 1; }), "--dropout"));
  EXPECT_TRUE(names(fault_with([](auto& o) {
                      o.schedule.lr_scheduler = "cosine";
                      o.schedule.min_lr = 1;
                    }),
                    "--min-lr"));
  EXPECT_TRUE(names(fault_with([](auto& o) {
                      o.trace = "trace.json";
                      o.trace_steps = "5:4";
                    }),
                    "--trace-steps"));
  EXPECT_TRUE(names(fault_with([](auto& o) { o.trace_steps = "4:5"; }), "--trace FILE"));
  EXPECT_TRUE(names(fault_with([](auto& o) {
                      o.fresh = true;
                      o.resume = "file.h5";
                    }),
                    "--resume"));
}

}  // namespace
}  // namespace intr
