// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/weight_limits.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(WeightLimits, OptionsRaiseThem) {
  WeightLimits limits;
  OptionSet set("test", "test");
  describe(limits, set);
  ASSERT_TRUE(set.parse({"--max-bytes", "17179869184", "--max-tensors", "5"}, ""));
  validate(limits);
  EXPECT_EQ(limits.tensor_bytes, std::int64_t{16} << 30);
  EXPECT_EQ(limits.tensors, 5);
  EXPECT_EQ(limits.opcodes, 20'000'000) << "the others stay";
}

TEST(WeightLimits, NonsenseIsRefused) {
  WeightLimits limits;
  limits.leaves = 0;
  EXPECT_THROW(validate(limits), UsageError);
  limits = {};
  limits.pickle_bytes = std::int64_t{1} << 40;
  EXPECT_THROW(validate(limits), UsageError) << "texts are counted in 32 bits";
}

}  // namespace
}  // namespace intr
