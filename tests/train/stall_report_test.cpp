// SPDX-License-Identifier: Apache-2.0
#include "intr/train/stall_report.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

StallReport report(int rank, std::int64_t collectives) {
  return {.rank = rank,
          .host = fmt::format("c{}", rank),
          .section = "step",
          .step = 8,
          .bucket = 3,
          .seconds = 60.2,
          .collectives = collectives,
          .last_collective = "gradients, step 8, bucket 3"};
}

const std::vector<std::string> kNodes = {"c0", "c1", "c2"};

TEST(StallReport, WhoBeganFewerCollectivesIsBehind) {
  EXPECT_EQ(name_ranks_behind({report(0, 9), report(1, 9), report(2, 7)}, kNodes),
            "rank 2 on node c2 has not reached gradients, step 8, bucket 3 for 60 s");
}

TEST(StallReport, WhoWroteNoneIsNamed) {
  EXPECT_EQ(name_ranks_behind({report(0, 9), report(2, 9)}, kNodes),
            "rank 1 on node c1 gave no sign of life while others waited in gradients, step 8, "
            "bucket 3 for 60 s");
}

TEST(StallReport, BothKindsAndNone) {
  const std::string both = name_ranks_behind({report(0, 9), report(2, 8)}, kNodes);
  EXPECT_NE(both.find("rank 2 on node c2 has not reached"), std::string::npos) << both;
  EXPECT_NE(both.find("rank 1 on node c1 gave no sign"), std::string::npos) << both;
  const std::string none = name_ranks_behind({report(0, 9), report(1, 9), report(2, 9)}, kNodes);
  EXPECT_NE(none.find("no rank went on"), std::string::npos) << none;
}

TEST(StallReport, ManyRanksAreListedInPart) {
  std::vector<std::string> nodes(1000, "c");
  const std::string text = name_ranks_behind({report(0, 9)}, nodes);
  EXPECT_NE(text.find("and 991 more"), std::string::npos) << text;
}

TEST(StallReport, IsReadBackWithTornOnesLeftOut) {
  const test::TempDir folder;
  const std::string stalls = folder / "attempts/x.stall";
  EXPECT_TRUE(read_stall_reports(stalls).empty());
  write_stall_report(stalls, report(10, 5));
  write_stall_report(stalls, report(2, 6));
  write_file(stalls + "/3.json", "{\"rank\": 3, ");
  const std::vector<StallReport> read = read_stall_reports(stalls);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].rank, 2);
  EXPECT_EQ(read[1].rank, 10);
  EXPECT_EQ(read[1].collectives, 5);
  EXPECT_EQ(read[1].last_collective, "gradients, step 8, bucket 3");
}

TEST(StallReport, SaysWhereARankIs) {
  WatchedSections sections({}, 0);
  sections.enter(Section::kStep, 8, 1);
  EXPECT_EQ(stall_report(sections.place(2), 4, "c4").last_collective, "");
  sections.collective_begins({.section = "gradients", .step = 8, .bucket = 3});
  const StallReport made = stall_report(sections.place(61), 4, "c4");
  EXPECT_EQ(made.rank, 4);
  EXPECT_EQ(made.section, "step");
  EXPECT_EQ(made.step, 8);
  EXPECT_EQ(made.bucket, 3);
  EXPECT_EQ(made.seconds, 60);
}

}  // namespace
}  // namespace intr
