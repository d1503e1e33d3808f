// SPDX-License-Identifier: Apache-2.0
// Times are given, so nothing here waits.
#include "intr/comm/watched_sections.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

using Verdict = WatchedSections::Verdict;

TEST(WatchedSections, WarnsOncePastHalfTheLimitAndStallsAtIt) {
  WatchedSections sections({.start_s = 10}, 100);
  EXPECT_EQ(sections.judge(105, false), Verdict::kFine);
  EXPECT_EQ(sections.judge(105.1, false), Verdict::kWarn);
  EXPECT_EQ(sections.judge(109, false), Verdict::kFine);
  EXPECT_EQ(sections.judge(110.1, false), Verdict::kStalled);
  sections.beat(111);
  EXPECT_EQ(sections.judge(115, false), Verdict::kFine);
  EXPECT_EQ(sections.judge(117, false), Verdict::kWarn) << "once for each new wait";
}

TEST(WatchedSections, EachSectionHasItsLimit) {
  const SectionLimits limits{
      .start_s = 1, .load_s = 2, .first_step_s = 3, .step_s = 0.5, .save_s = 4};
  WatchedSections sections(limits, 0);
  EXPECT_EQ(sections.place(0).limit_s, 1);
  sections.enter(Section::kLoad, -1, 0);
  EXPECT_EQ(sections.place(0).limit_s, 2);
  sections.enter(Section::kStep, 1, 0);
  EXPECT_EQ(sections.place(0).limit_s, 3) << "the first step";
  sections.enter(Section::kStep, 2, 0.01);
  EXPECT_EQ(sections.place(0).limit_s, 0.5);
  sections.enter(Section::kSave, 2, 0.02);
  EXPECT_EQ(sections.place(0).limit_s, 4);
  sections.enter(Section::kStep, 3, 0.03);
  EXPECT_EQ(sections.place(0).limit_s, 0.5) << "it computes";
  sections.collective_begins({});
  EXPECT_EQ(sections.place(0).limit_s, 4) << "another rank may still save";
  sections.collective_ends();
  sections.enter(Section::kStep, 4, 0.04);
  EXPECT_EQ(sections.place(0).limit_s, 0.5);
}

TEST(WatchedSections, BatchesOfAnEvaluationAreNoSteps) {
  // A run resumes with an evaluation; then comes its first step.
  WatchedSections sections({.first_step_s = 300, .step_s = 60}, 0);
  sections.enter(Section::kEvaluation, 9, 0);
  EXPECT_EQ(sections.place(0).limit_s, 300);
  for (int batch = 1; batch <= 4; ++batch) sections.beat(10.0 * batch);
  EXPECT_EQ(sections.place(40).limit_s, 100);
  sections.enter(Section::kStep, 10, 41);
  EXPECT_EQ(sections.place(41).limit_s, 300);
  EXPECT_EQ(sections.judge(42, true), Verdict::kFine);
}

TEST(WatchedSections, AnEvaluationAfterASaveIsWatched) {
  WatchedSections sections({.first_step_s = 300, .step_s = 60, .save_s = 600}, 0);
  sections.enter(Section::kSave, 9, 0);
  sections.enter(Section::kEvaluation, 9, 1);
  sections.beat(2);
  EXPECT_EQ(sections.place(2).limit_s, 60);
  sections.collective_begins({});
  EXPECT_EQ(sections.place(2).limit_s, 600) << "the rank that saves began later";
}

TEST(WatchedSections, AStopIsOverdueInStepsAlone) {
  WatchedSections sections({.load_s = 900, .stop_s = 10}, 0);
  sections.enter(Section::kLoad, -1, 0);
  EXPECT_EQ(sections.judge(1, true), Verdict::kFine);
  EXPECT_EQ(sections.judge(100, true), Verdict::kFine);
  sections.enter(Section::kEvaluation, 3, 101);
  EXPECT_EQ(sections.judge(140, true), Verdict::kFine);
}

TEST(WatchedSections, SlowStepsStretchTheLimit) {
  WatchedSections sections({.step_s = 5}, 0);
  double now = 0;
  for (int step = 1; step <= 20; ++step) {
    sections.enter(Section::kStep, step, now);
    now += 2;
  }
  EXPECT_DOUBLE_EQ(sections.place(now).limit_s, 20);
  EXPECT_EQ(sections.judge(now + 10, false), Verdict::kWarn);
  EXPECT_EQ(sections.judge(now + 19, false), Verdict::kStalled) << "counted from the last step";
}

TEST(WatchedSections, AStopMakesTheLimitShort) {
  WatchedSections sections({.step_s = 60, .stop_s = 10}, 0);
  sections.enter(Section::kStep, 1, 0);
  sections.enter(Section::kStep, 2, 1);
  EXPECT_EQ(sections.judge(20, false), Verdict::kFine);
  EXPECT_EQ(sections.judge(21, true), Verdict::kFine) << "the time before it does not count";
  EXPECT_EQ(sections.judge(30.9, true), Verdict::kFine);
  EXPECT_EQ(sections.judge(31.1, true), Verdict::kStopOverdue);
  sections.enter(Section::kSave, 2, 31);
  EXPECT_EQ(sections.judge(200, true), Verdict::kFine) << "a save may take its time";
}

TEST(WatchedSections, SlowStepsStretchTheLimitOfAStop) {
  WatchedSections sections({.step_s = 1000, .stop_s = 10}, 0);
  sections.enter(Section::kStep, 1, 0);
  sections.enter(Section::kStep, 2, 20);
  EXPECT_EQ(sections.judge(21, true), Verdict::kFine);
  EXPECT_EQ(sections.judge(80, true), Verdict::kFine);
  EXPECT_EQ(sections.judge(82, true), Verdict::kStopOverdue);
}

TEST(WatchedSections, ForgivenTimeDoesNotCount) {
  WatchedSections sections({.start_s = 10}, 0);
  sections.forgive(1000);
  EXPECT_EQ(sections.judge(1004, false), Verdict::kFine);
  EXPECT_EQ(sections.judge(1011, false), Verdict::kStalled);
}

TEST(WatchedSections, PlaceNamesTheLastCollective) {
  WatchedSections sections({}, 0);
  sections.enter(Section::kStep, 7, 1);
  sections.collective_begins({.section = "gradients", .step = 6, .bucket = 0});
  sections.collective_begins({.section = "gradients", .step = 6, .bucket = 1});
  sections.collective_ends();
  const WatchedPlace place = sections.place(3.5);
  EXPECT_EQ(place.step, 7);
  EXPECT_EQ(place.seconds, 2.5);
  EXPECT_EQ(place.collectives, 2);
  EXPECT_EQ(place.waiting, 1);
  EXPECT_EQ(describe(place.last), "gradients, step 6, bucket 1");
  EXPECT_STREQ(word_of(place.section), "step");
}

}  // namespace
}  // namespace intr
