// SPDX-License-Identifier: Apache-2.0
#include "intr/train/compute_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "intr/core/error.h"

namespace intr {
namespace {

MpiEnvironment& environment() {
  static MpiEnvironment instance;
  return instance;
}

TEST(ComputePlace, AgreesOrNamesRanksAndValues) {
  const auto communicator = make_communicator("auto", environment());
  EXPECT_NO_THROW(agree_on_place({.threads = 3}, *communicator));
  const int ranks = communicator->world_size();
  if (ranks == 1) return;
  const bool odd = communicator->rank() + 1 == ranks;
  try {
    agree_on_place({.threads = odd ? 7 : 3}, *communicator);
    FAIL() << "different threads were accepted";
  } catch (const EnvironmentError& error) {
    for (const std::string& words :
         {"rank " + std::to_string(ranks - 1), at::get_cpu_capability() + ", 7 threads",
          at::get_cpu_capability() + ", 3 threads", std::string("--threads")})
      EXPECT_THAT(error.what(), testing::HasSubstr(words));
  }
}

/// Whether the quotient, which is denormal, is there. The compiler must not know it.
bool keeps_denormals() {
  volatile float small = 1e-38F;
  return small / 16 != 0;
}

/// The MPI thread adds what the compute threads add on fewer ranks: to the same bits.
TEST(ComputePlace, EveryThreadThatAddsFlushesDenormals) {
  EXPECT_TRUE(keeps_denormals());
  const ComputePlace place = take_place({.threads = 1, .device = "cpu"}, environment());
  EXPECT_EQ(place.threads, 1);
  EXPECT_FALSE(keeps_denormals());
  bool kept = true;
  environment().run([&kept] { kept = keeps_denormals(); });
  EXPECT_FALSE(kept);
}

}  // namespace
}  // namespace intr
