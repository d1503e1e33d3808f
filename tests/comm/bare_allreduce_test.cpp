// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/bare_allreduce.h"

#include <gtest/gtest.h>

#include <vector>

#include "intr/comm/mpi_environment.h"

namespace intr {
namespace {

TEST(BareAllreduce, AddsUpAsOftenAsItIsTold) {
  static MpiEnvironment environment;
  BareAllreduce bare(environment);
  std::vector<float> values(5, static_cast<float>(environment.rank() + 1));
  const auto ranks = static_cast<float>(environment.world_size());
  EXPECT_GT(bare.seconds(values, 1), 0);
  EXPECT_EQ(values, std::vector<float>(5, ranks * (ranks + 1) / 2));
  bare.seconds(values, 2);
  EXPECT_EQ(values, std::vector<float>(5, ranks * ranks * ranks * (ranks + 1) / 2));
}

}  // namespace
}  // namespace intr
