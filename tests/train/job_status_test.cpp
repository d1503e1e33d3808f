// SPDX-License-Identifier: Apache-2.0
#include "intr/train/job_status.h"

#include <gtest/gtest.h>

#include <chrono>

#include "support/environment.h"

namespace intr {
namespace {

using Kind = JobStatus::Kind;
using test::FakeSqueue;

Kind answer_to(const std::string& script) {
  const FakeSqueue squeue(script);
  return ask_scheduler("12").kind;
}

TEST(JobStatus, IsAskedForOneJob) {
  const FakeSqueue squeue("echo RUNNING-$*");
  EXPECT_EQ(ask_scheduler("12").words, "squeue says RUNNING--h -j 12 -o %25T");
}

TEST(JobStatus, TheUsersOwnListsHideNothing) {
  const test::Variable partition("SQUEUE_PARTITION", "another");
  EXPECT_EQ(answer_to("[ -z \"$SQUEUE_PARTITION\" ] && echo RUNNING"), Kind::kRunning);
}

TEST(JobStatus, AJobWithProcessesRuns) {
  for (const char* state : {"RUNNING", "COMPLETING", "SUSPENDED", "CONFIGURING", "STOPPED"})
    EXPECT_EQ(answer_to(std::string("echo ") + state), Kind::kRunning) << state;
  EXPECT_EQ(answer_to("echo COMPLETED; echo RUNNING"), Kind::kRunning) << "one part of it";
}

TEST(JobStatus, AJobWithoutHasEnded) {
  for (const char* state : {"PENDING", "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL",
                            "PREEMPTED", "OUT_OF_MEMORY", "REQUEUE_HOLD"})
    EXPECT_EQ(answer_to(std::string("echo ") + state), Kind::kEnded) << state;
  EXPECT_EQ(answer_to("true"), Kind::kEnded) << "not listed any more";
  EXPECT_EQ(answer_to("echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1"),
            Kind::kEnded);
}

TEST(JobStatus, AJobKnowsHowOftenItWasRestarted) {
  const test::InJob job("12", "3");
  EXPECT_EQ(restarts_of_job(), 3);
  const test::InJob first("13");
  EXPECT_EQ(restarts_of_job(), 0);
}

TEST(JobStatus, ASchedulerThatFailsSaysNothing) {
  const FakeSqueue squeue("echo 'Unable to contact slurm controller' >&2; exit 1");
  const JobStatus status = ask_scheduler("12");
  EXPECT_EQ(status.kind, Kind::kUnknown);
  EXPECT_EQ(status.words, "squeue failed with 1: Unable to contact slurm controller");
  EXPECT_EQ(answer_to("echo 'warning: nonsense'"), Kind::kUnknown);
}

TEST(JobStatus, WithoutASchedulerNothingIsKnown) {
  const test::TempDir nothing;
  const test::Variable path("PATH", nothing.path());
  EXPECT_EQ(ask_scheduler("12").kind, Kind::kUnknown);
}

TEST(JobStatus, ASchedulerThatHangsIsNotWaitedFor) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(answer_to("trap '' TERM; sleep 60"), Kind::kUnknown);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST(JobStatus, OnlyNumbersBecomeWordsOfACommand) {
  const FakeSqueue squeue("true");
  for (const char* job : {"", "7;touch x", "-h", "7 8"})
    EXPECT_EQ(ask_scheduler(job).kind, Kind::kUnknown) << job;
  EXPECT_EQ(ask_scheduler("7_3").kind, Kind::kEnded) << "a task of an array";
}

}  // namespace
}  // namespace intr
