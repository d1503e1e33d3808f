// SPDX-License-Identifier: Apache-2.0
#include "intr/train/virtual_shards.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

TrainOptions options_with(std::int64_t shards) {
  TrainOptions options;
  options.virtual_shards = shards;
  options.place.threads = 2;
  return options;
}

/// The message of the UsageError that these options give; empty if they are fine.
std::string fault(const TrainOptions& options) {
  try {
    validate_virtual_shards(options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

bool has(const std::string& text, const char* words) {
  return text.find(words) != std::string::npos;
}

TEST(VirtualShards, ArePowersOfTwoUpToTheBatch) {
  for (const std::int64_t fine : {0, 1, 2, 8, 32}) EXPECT_EQ(fault(options_with(fine)), "") << fine;
  for (const std::int64_t wrong : {-8, -1, 3, 6, 48})
    EXPECT_TRUE(has(fault(options_with(wrong)), "--virtual-shards")) << wrong;
  EXPECT_TRUE(has(fault(options_with(64)), "48 pictures"));
  EXPECT_TRUE(has(fault(options_with(64)), "--batch-size"));
}

TEST(VirtualShards, NeedAFixedOrderAndThreads) {
  TrainOptions options = options_with(8);
  for (const char* fine : {"auto", "self", "fixed"}) {
    options.place.comm = fine;
    EXPECT_EQ(fault(options), "");
  }
  for (const char* wrong : {"mpi", "nccl", "host"}) {
    options.place.comm = wrong;
    EXPECT_TRUE(has(fault(options), "--comm")) << wrong;
  }
  options = options_with(8);
  options.place.threads = 0;
  EXPECT_TRUE(has(fault(options), "--threads"));
  EXPECT_EQ(fault({}), "") << "only they need it";
}

TEST(VirtualShards, TurnTheFixedOrderOn) {
  TrainOptions options = options_with(8);
  EXPECT_EQ(options.comm_choice(1), "auto");
  EXPECT_EQ(options.comm_choice(2), "fixed");
  options.place.comm = "fixed";
  EXPECT_EQ(options.comm_choice(1), "fixed");
  EXPECT_EQ(options_with(0).comm_choice(2), "auto");
}

TEST(VirtualShards, AreDealtToPowersOfTwo) {
  for (const int ranks : {1, 2, 4, 8}) {
    EXPECT_NO_THROW(require_legal_ranks(8, ranks));
    EXPECT_EQ(shards_of_rank(8, ranks), 8 / ranks);
  }
  for (const int ranks : {3, 5, 6, 7, 12, 16}) {
    try {
      require_legal_ranks(8, ranks);
      FAIL() << ranks;
    } catch (const EnvironmentError& error) {
      EXPECT_TRUE(has(error.what(), "1, 2, 4, 8")) << error.what();
    }
    EXPECT_NO_THROW(require_legal_ranks(0, ranks));
    EXPECT_EQ(shards_of_rank(0, ranks), 1);
  }
}

TEST(VirtualShards, AnotherMachineIsNamed) {
  Checkpoint saved, now;
  saved.environment = {{"libtorch", "2.11.0"}, {"isa", "AVX512"}, {"threads", 4}, {"ranks", 1}};
  now.environment = {{"libtorch", "2.11.0"}, {"isa", "AVX2"}, {"threads", 2}, {"ranks", 4}};
  const auto warnings = [&](std::int64_t shards) {
    now.config = {{"train", {{"virtual-shards", shards}}}};
    testing::internal::CaptureStderr();
    warn_of_other_machine(saved, now);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(warnings(0), "");
  const std::string text = warnings(8);
  EXPECT_TRUE(has(text, "isa was \"AVX512\"")) << text;
  EXPECT_TRUE(has(text, "threads was 4")) << text;
  EXPECT_FALSE(has(text, "libtorch")) << text;
  EXPECT_FALSE(has(text, "ranks was")) << text;
}

}  // namespace
}  // namespace intr
