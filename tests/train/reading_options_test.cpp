// SPDX-License-Identifier: Apache-2.0
#include "intr/train/reading_options.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(ReadingOptions, SizesHaveUnitsAndNothingMeansAny) {
  ReadingOptions options;
  EXPECT_EQ(options.memory_bytes(), 0u);
  EXPECT_EQ(options.stage_limit_bytes(), 0u);
  options.memory = "2GiB";
  options.stage = "/dev/shm";
  options.stage_limit = "1MiB";
  EXPECT_NO_THROW(validate(options));
  EXPECT_EQ(options.memory_bytes(), std::uint64_t{2} << 30);
  EXPECT_EQ(options.stage_limit_bytes(), std::uint64_t{1} << 20);
}

TEST(ReadingOptions, WrongUseIsRefused) {
  const auto refused = [](auto change) {
    ReadingOptions options;
    change(options);
    EXPECT_THROW(validate(options), UsageError);
  };
  refused([](ReadingOptions& o) { o.slots = 0; });
  refused([](ReadingOptions& o) { o.memory = "much"; });
  refused([](ReadingOptions& o) { o.stage_limit = "1GiB"; });
  refused([](ReadingOptions& o) { o.stage_keep = true; });
}

}  // namespace
}  // namespace intr
