// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_warnings.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

TEST(ModelWarnings, AreThereWhereThereIsReason) {
  ModelSummary summary;
  summary.num_samples = 9;
  EXPECT_TRUE(model_warnings(summary).empty());
  summary.without_target = 2;
  summary.without_map = 3;
  summary.complete = false;
  summary.samples_in_dump = 40;
  summary.samples_planned = 50;
  const std::vector<std::string> warnings = model_warnings(summary);
  ASSERT_EQ(warnings.size(), 3U);
  EXPECT_EQ(warnings[0], "the dump is not complete: 40 of 50 samples are there");
  EXPECT_NE(warnings[1].find("2 of 9 samples have no label"), std::string::npos);
  EXPECT_NE(warnings[2].find("3 of 9 samples have no stored map"), std::string::npos);
}

}  // namespace
}  // namespace intr
