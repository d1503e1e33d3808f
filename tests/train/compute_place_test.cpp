// SPDX-License-Identifier: Apache-2.0
#include "intr/train/compute_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <array>
#include <thread>
#include <vector>

#include "intr/core/affinity.h"
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

/// Cores of the calling thread and of the MPI thread after the choice was made in a thread of its
/// own: its mask ends with it.
std::array<std::vector<int>, 2> cores_with(const std::string& choice) {
  std::array<std::vector<int>, 2> cores;
  std::thread([&] {
    static_cast<void>(take_comm_core(choice, environment()));
    cores[0] = usable_cores();
  }).join();
  environment().run([&cores] { cores[1] = usable_cores(); });
  return cores;
}

TEST(ComputePlace, MessagesGetTheLastCoreIfAskedFor) {
  const std::vector<int> all = usable_cores();
  EXPECT_EQ(cores_with("off")[0], all);
  if (environment().world_size() == 1) {
    EXPECT_EQ(cores_with("on")[0], all) << "one rank has no messages";
  } else if (all.size() == 1) {
    EXPECT_THROW(static_cast<void>(take_comm_core("on", environment())), EnvironmentError);
  } else {
    const auto [compute, messages] = cores_with("on");
    EXPECT_EQ(messages, std::vector<int>{all.back()});
    EXPECT_EQ(compute, std::vector<int>(all.begin(), all.end() - 1));
    environment().run([&all] { keep_to_cores(all); });
  }
}

}  // namespace
}  // namespace intr
