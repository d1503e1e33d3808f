// SPDX-License-Identifier: Apache-2.0
#include "intr/train/bucket_setup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"
#include "intr/io/json_file.h"
#include "intr/train/comm_profile.h"
#include "support/small_state.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

MpiEnvironment& environment() {
  static MpiEnvironment instance;
  return instance;
}

ModelConfig small() {
  ModelConfig config = test::small_state_config();
  config.dec_layers = 2;
  return config;
}

TEST(BucketSetup, SeesEveryGradientOnceTheLastLayersFirst) {
  for (const char* freeze : {"none", "backbone"}) {
    const TrainableOptions options{.freeze = freeze};
    const auto order = observe_backward_order(small(), options);
    EXPECT_EQ(order, observe_backward_order(small(), options)) << "the same every time";
    std::vector<std::uint32_t> sorted = order, all(order.size());
    std::sort(sorted.begin(), sorted.end());
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(sorted, all);
    const auto rows = trainable_parameters(small(), options);
    ASSERT_EQ(order.size(), rows.size());
    const auto place_of = [&](const std::string& part) {
      for (std::size_t place = 0; place < order.size(); ++place)
        if (rows[order[place]].name.find(part) != std::string::npos) return place;
      return order.size();
    };
    EXPECT_LT(place_of("decoder.layers.1."), place_of("encoder.layers.0."));
    if (freeze == std::string("none")) {
      EXPECT_LT(place_of("encoder.layers.0."), place_of("backbone"));
    }
  }
}

TEST(BucketSetup, EveryRankHasRankZerosPlan) {
  const auto communicator = make_communicator("auto", environment());
  const BucketPlan made =
      settle_bucket_plan(std::nullopt, small(), {.freeze = "none"}, {}, *communicator);
  EXPECT_FALSE(made.empty());
  const BucketPlan stored{{1, 0}, {1, 2}};
  const BucketPlan mine = communicator->rank() == 0 ? stored : BucketPlan{};
  EXPECT_EQ(settle_bucket_plan(mine, small(), {.freeze = "none"}, {}, *communicator), stored);
}

TEST(BucketSetup, AProfileChoosesTheSizeUnlessItIsGiven) {
  const auto communicator = make_communicator("auto", environment());
  const test::TempDir folder;
  BucketWish wish{.profile = folder / "profile.json"};
  // So slow for each message that one bucket is best, whatever the back end cuts without it.
  const CommProfile slow{.ranks = 2, .nodes = 1, .fit = {{10, 1e12}, 0}};
  write_json(wish.profile,
             {{"schema", "intr-bench/1"}, {"bench", "comm"}, {"summary", to_json(slow)}});
  const ModelConfig config = [] {
    ModelConfig wide = small();
    wide.backbone = "resnet34";
    wide.backbone_stages = 4;
    return wide;
  }();
  const auto buckets = [&] {
    return settle_bucket_plan(std::nullopt, config, {}, wish, *communicator).bucket_end.size();
  };
  const std::size_t chosen = buckets();
  wish.most_mb = 4;
  const std::size_t given = buckets();
  wish = {};
  const std::size_t usual = buckets();
  EXPECT_GT(given, usual);
  if (communicator->world_size() > 1) {
    EXPECT_LT(chosen, usual);
  } else {
    EXPECT_EQ(chosen, usual) << "one rank sends nothing";
  }
}

TEST(BucketSetup, ALongBackwardPassHidesWhatAShortOneDoesNot) {
  const auto communicator = make_communicator("auto", environment());
  const test::TempDir folder;
  const BucketWish few{.profile = folder / "profile.json"};
  BucketWish many = few;
  many.pictures = many.last_pass = 1'000'000;
  // One message is best if nothing hides it; a pass that hides all but the last wants that small.
  const CommProfile slow{.ranks = 2, .nodes = 1, .fit = {{1, 1e9}, 0}, .picture_backward_s = 1e-4};
  write_json(few.profile,
             {{"schema", "intr-bench/1"}, {"bench", "comm"}, {"summary", to_json(slow)}});
  ModelConfig config = small();
  config.backbone = "resnet34";
  config.backbone_stages = 4;
  const auto buckets = [&](const BucketWish& wish) {
    return settle_bucket_plan(std::nullopt, config, {}, wish, *communicator).bucket_end.size();
  };
  if (communicator->world_size() > 1) {
    EXPECT_LT(buckets(few), buckets(many));
  }
}

TEST(BucketSetup, TimesABackwardPass) { EXPECT_GT(measure_backward(small(), {}, {64, 96}, 1), 0); }

TEST(BucketSetup, ABrokenProfileIsRefused) {
  const auto communicator = make_communicator("auto", environment());
  if (communicator->world_size() > 1) return;  // the others would wait for rank 0's plan
  const test::TempDir folder;
  EXPECT_THROW(settle_bucket_plan(std::nullopt, small(), {}, {.profile = folder / "none.json"},
                                  *communicator),
               DataError);
}

}  // namespace
}  // namespace intr
