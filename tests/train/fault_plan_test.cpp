// SPDX-License-Identifier: Apache-2.0
#include "intr/train/fault_plan.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include "intr/core/error.h"

namespace intr {
namespace {

/// What parsing says against it; "" if nothing.
std::string fault_in(const std::string& text) {
  try {
    parse_fault(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

bool says(const std::string& text, const char* word) {
  return fault_in(text).find(word) != std::string::npos;
}

TEST(FaultPlan, DefaultsAreThoseOfTheDocument) {
  const Fault kill = parse_fault("kill:step=7");
  EXPECT_EQ(kill.kind, Fault::Kind::kKill);
  EXPECT_EQ(kill.step, 7);
  EXPECT_EQ(kill.rank, 0);
  EXPECT_FALSE(kill.every_attempt);
  EXPECT_EQ(parse_fault("flip:step=1").bit, 20);
  EXPECT_EQ(parse_fault("signal:step=1").signal, SIGUSR2);
  EXPECT_EQ(parse_fault("nan:step=1").count, 1);
  EXPECT_EQ(parse_fault("save:stage=rename").action, FaultAction::kKill);
  EXPECT_EQ(parse_fault("read:sample=3").action, FaultAction::kEio);
}

TEST(FaultPlan, KeysAreRead) {
  const Fault slow = parse_fault("slow:rank=3,ms=2.5,from=10,to=20,attempt=any");
  EXPECT_EQ(slow.rank, 3);
  EXPECT_EQ(slow.ms, 2.5);
  EXPECT_EQ(slow.from, 10);
  EXPECT_EQ(slow.to, 20);
  EXPECT_TRUE(slow.every_attempt);
  const Fault delay = parse_fault("delay:ms=1,jitter=2,mbps=1000");
  EXPECT_EQ(delay.jitter_ms, 2);
  EXPECT_EQ(delay.megabits_s, 1000);
  EXPECT_EQ(parse_fault("exit:step=2,code=65").code, 65);
  EXPECT_EQ(parse_fault("signal:step=2,sig=TERM,count=3").signal, SIGTERM);
  EXPECT_EQ(parse_fault("save:stage=fsync,action=enospc").action, FaultAction::kEnospc);
}

TEST(FaultPlan, WhatIsNotKnownIsRefused) {
  EXPECT_TRUE(says("kil:step=1", "did you mean 'kill'"));
  EXPECT_TRUE(says("", "is no kind of fault"));
  EXPECT_TRUE(says("kill:when=1", "its keys are rank, step, attempt"));
  EXPECT_TRUE(says("kill:step", "key=value"));
  EXPECT_TRUE(says("kill", "lacks step="));
  EXPECT_TRUE(says("kill:step=0", "step=0"));
  EXPECT_TRUE(says("kill:step=1x", "step=1x"));
  EXPECT_TRUE(says("kill:step=1,rank=-1", "rank=-1"));
  EXPECT_TRUE(says("kill:step=1,attempt=second", "any, first"));
  EXPECT_TRUE(says("slow:ms=fast", "ms=fast"));
  EXPECT_TRUE(says("slow:ms=nan", "ms=nan"));
  EXPECT_TRUE(says("flip:step=1,bit=32", "bit=32"));
  EXPECT_TRUE(says("signal:step=1,sig=KILL", "sig=KILL"));
  EXPECT_TRUE(says("save:stage=nowhere", "fsyncdir"));
  EXPECT_TRUE(says("save:stage=write,action=smoke", "action=smoke"));
  EXPECT_TRUE(says("save:stage=create,action=flip", "no file yet"));
  EXPECT_TRUE(says("read:sample=1,action=enospc", "never ends with enospc"));
}

TEST(FaultPlan, EverySaveStageIsKnown) {
  for (const SaveStage stage : kSaveStages)
    EXPECT_EQ(fault_in(std::string("save:stage=") + name_of(stage)), "");
}

TEST(FaultPlan, TheEnvironmentAddsToTheOption) {
  ::setenv("INTR_INJECT", "hang:step=4;;delay:ms=1", 1);
  const std::vector<Fault> faults = parse_faults({"kill:step=3"});
  ::setenv("INTR_INJECT", "hangs:step=4", 1);
  EXPECT_THROW(parse_faults({}), UsageError);
  ::unsetenv("INTR_INJECT");
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_EQ(faults[0].kind, Fault::Kind::kKill);
  EXPECT_EQ(faults[1].kind, Fault::Kind::kHang);
  EXPECT_EQ(faults[2].kind, Fault::Kind::kDelay);
  EXPECT_TRUE(parse_faults({}).empty());
}

}  // namespace
}  // namespace intr
