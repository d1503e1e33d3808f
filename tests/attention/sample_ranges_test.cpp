// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/sample_ranges.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(SampleRanges, BothEndsBelongToThem) {
  const auto ranges = parse_sample_ranges({"17", "0-2", "5-5"});
  for (const std::int64_t id : {0, 1, 2, 5, 17}) EXPECT_TRUE(any_holds(ranges, id)) << id;
  for (const std::int64_t id : {3, 4, 6, 16, 18}) EXPECT_FALSE(any_holds(ranges, id)) << id;
  EXPECT_FALSE(any_holds({}, 0));
}

TEST(SampleRanges, NonsenseIsRefused) {
  for (const char* text : {"", "x", "3-", "-3", "9-3", "1-2-3", "1.5"})
    EXPECT_THROW(parse_sample_ranges({text}), UsageError) << text;
}

}  // namespace
}  // namespace intr
