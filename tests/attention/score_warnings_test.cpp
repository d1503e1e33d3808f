// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_warnings.h"

#include <gtest/gtest.h>

#include "attention/made_up_summary.h"

namespace intr {
namespace {

TEST(ScoreWarnings, NothingIsLeftOut) {
  EXPECT_TRUE(score_warnings(test::made_up_summary()).empty());
}

TEST(ScoreWarnings, SayWhatIsLeftOut) {
  ScoreSummary summary = test::made_up_summary();
  summary.complete = false;
  summary.samples_in_dump = 384;
  summary.samples_planned = 400;
  summary.without_maps = 2;
  summary.boxes_outside = 3;
  EXPECT_EQ(score_warnings(summary), (std::vector<std::string>{
                                         "384 of 400 samples: the dump is not complete",
                                         "2 of 6 samples have no maps of the true class: only "
                                         "their predictions are measured",
                                         "3 boxes lie outside their pictures and count as missing",
                                     }));
}

}  // namespace
}  // namespace intr
