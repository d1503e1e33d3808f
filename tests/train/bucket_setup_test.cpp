// SPDX-License-Identifier: Apache-2.0
#include "intr/train/bucket_setup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "intr/comm/mpi_environment.h"
#include "support/small_state.h"

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
      settle_bucket_plan(std::nullopt, small(), {.freeze = "none"}, 0, *communicator);
  EXPECT_FALSE(made.empty());
  const BucketPlan stored{{1, 0}, {1, 2}};
  const BucketPlan mine = communicator->rank() == 0 ? stored : BucketPlan{};
  EXPECT_EQ(settle_bucket_plan(mine, small(), {.freeze = "none"}, 0, *communicator), stored);
}

}  // namespace
}  // namespace intr
