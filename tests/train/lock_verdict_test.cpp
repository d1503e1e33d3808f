// SPDX-License-Identifier: Apache-2.0
#include "intr/train/lock_verdict.h"

#include <gtest/gtest.h>

#include "support/environment.h"

namespace intr {
namespace {

using Kind = LockVerdict::Kind;
using test::FakeSqueue;

/// This process in a job; `change` makes another holder of it.
template <class Change>
LockHolder holder(Change change) {
  const test::InJob job("12", "1", "alpha");
  LockHolder made = LockHolder::this_process();
  change(made);
  return made;
}
LockHolder me() {
  return holder([](LockHolder&) {});
}
LockHolder of_another_job(const std::string& host) {
  return holder([&](LockHolder& other) {
    other.job = "11";
    if (!host.empty()) other.host = host;
  });
}

TEST(LockVerdict, AnEarlierStartOfTheSameJobIsStaleEvenIfItSeemsToLive) {
  const FakeSqueue squeue("echo RUNNING");
  const LockHolder earlier = holder([](LockHolder& other) { other.restart = 0; });
  EXPECT_EQ(judge_lock(earlier, me(), true).kind, Kind::kStale);
  const LockHolder later = holder([](LockHolder& other) { other.restart = 2; });
  EXPECT_EQ(judge_lock(later, me(), true).kind, Kind::kLive);
  const LockHolder same = holder([](LockHolder& other) { other.host = "another-node"; });
  EXPECT_EQ(judge_lock(same, me(), false).kind, Kind::kLive) << "another step of this job";
}

TEST(LockVerdict, OutsideOfJobsThereAreNoEarlierStarts) {
  const LockHolder a = holder([](LockHolder& other) { other.job.clear(), other.restart = 0; });
  const LockHolder b = holder([](LockHolder& other) { other.job.clear(); });
  EXPECT_EQ(judge_lock(a, b, false).kind, Kind::kLive);
}

TEST(LockVerdict, AJobThatTheSchedulerDoesNotRunIsStale) {
  const LockHolder other = of_another_job("another-node");
  {
    const FakeSqueue squeue("echo TIMEOUT");
    const LockVerdict verdict = judge_lock(other, me(), true);
    EXPECT_EQ(verdict.kind, Kind::kStale);
    EXPECT_EQ(verdict.reason, "the scheduler says TIMEOUT");
  }
  const FakeSqueue squeue("[ $3 = 11 ] && echo RUNNING");
  EXPECT_EQ(judge_lock(other, me(), false).kind, Kind::kLive);
}

TEST(LockVerdict, WithoutAnAnswerAnotherHostIsUndecidable) {
  const FakeSqueue squeue("echo down; exit 1");
  const LockVerdict verdict = judge_lock(of_another_job("another-node"), me(), false);
  EXPECT_EQ(verdict.kind, Kind::kUndecidable);
  EXPECT_NE(verdict.reason.find("squeue failed with 1: down"), std::string::npos);
  EXPECT_EQ(judge_lock(of_another_job("another-node"), me(), true).kind, Kind::kLive);
}

TEST(LockVerdict, AnotherClustersSchedulerIsNotOurs) {
  const FakeSqueue squeue("true");
  LockHolder other = of_another_job("another-node");
  other.cluster = "beta";
  EXPECT_EQ(judge_lock(other, me(), false).kind, Kind::kUndecidable);
  other.job = "12";
  other.restart = 0;
  EXPECT_EQ(judge_lock(other, me(), false).kind, Kind::kUndecidable);
}

TEST(LockVerdict, OnThisHostItsProcessDecides) {
  const FakeSqueue squeue("echo down; exit 1");
  LockHolder other = of_another_job("");
  EXPECT_EQ(judge_lock(other, me(), false).kind, Kind::kLive);
  other.started += "1";
  EXPECT_EQ(judge_lock(other, me(), false).kind, Kind::kStale);
  EXPECT_EQ(judge_lock(other, me(), true).kind, Kind::kLive) << "in another container, say";
  LockHolder before_a_restart = of_another_job("");
  before_a_restart.boot += "1";
  EXPECT_EQ(judge_lock(before_a_restart, me(), false).kind, Kind::kStale);
}

}  // namespace
}  // namespace intr
