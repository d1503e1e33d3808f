// SPDX-License-Identifier: Apache-2.0
#include "intr/train/lock_holder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "intr/core/host_name.h"
#include "support/environment.h"

namespace intr {
namespace {

using Presence = LockHolder::Presence;

TEST(LockHolder, IsThisProcessInItsJob) {
  const test::InJob job("12", "3", "alpha");
  const LockHolder me = LockHolder::this_process();
  EXPECT_EQ(me.job, "12");
  EXPECT_EQ(me.restart, 3);
  EXPECT_EQ(me.cluster, "alpha");
  EXPECT_EQ(me.host, host_name());
  EXPECT_EQ(me.pid, ::getpid());
  EXPECT_FALSE(me.boot.empty());
  EXPECT_FALSE(me.started.empty());
  EXPECT_EQ(me.presence(), Presence::kHere);
  EXPECT_EQ(me.token.size(), 32u);
  EXPECT_NE(me.token, LockHolder::this_process().token);
}

TEST(LockHolder, OutsideOfAJobThereIsNoNumber) {
  const test::InJob none("");
  const LockHolder me = LockHolder::this_process();
  EXPECT_EQ(me.job, "");
  EXPECT_EQ(me.restart, 0);
  EXPECT_EQ(me.shown().find("job"), std::string::npos);
}

TEST(LockHolder, GoesThroughItsText) {
  const test::InJob job("12", "3");
  const LockHolder me = LockHolder::this_process();
  const auto read = LockHolder::parse(me.text());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->text(), me.text());
  const nlohmann::ordered_json whole = nlohmann::ordered_json::parse(me.text());
  for (const auto& [name, value] : whole.items()) {
    nlohmann::ordered_json damaged = whole;
    damaged.erase(name);
    EXPECT_FALSE(LockHolder::parse(damaged.dump()).has_value()) << name;
    damaged[name] = nlohmann::ordered_json::array();
    EXPECT_FALSE(LockHolder::parse(damaged.dump()).has_value()) << name;
  }
  for (const char* text : {"", "no JSON", "[]", "7", "{\"token\":"})
    EXPECT_FALSE(LockHolder::parse(text).has_value()) << text;
}

TEST(LockHolder, IsShownInASentence) {
  LockHolder holder;
  holder.host = "n1";
  holder.pid = 7;
  holder.job = "12";
  holder.restart = 1;
  holder.since = 1777890030;
  EXPECT_EQ(holder.shown(),
            "host n1, process 7, job 12 (restart 1), since 2026-05-04 10:20:30 UTC");
}

TEST(LockHolder, AProcessIsGoneAfterItsEndAndAfterARestartOfTheHost) {
  LockHolder holder = LockHolder::this_process();
  holder.boot = "another";
  EXPECT_EQ(holder.presence(), Presence::kGone);
  holder = LockHolder::this_process();
  holder.started = "1";  // its number is used again
  EXPECT_EQ(holder.presence(), Presence::kGone);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  holder = LockHolder::this_process();
  holder.pid = child;
  EXPECT_EQ(holder.presence(), Presence::kGone);
}

TEST(LockHolder, AKilledProcessIsDyingUntilItIsGone) {
  LockHolder holder = LockHolder::this_process();
  EXPECT_FALSE(holder.is_dying());
  const pid_t child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  // Its start time is not this process's: it is read as a lock would say it.
  holder.pid = child;
  EXPECT_FALSE(holder.is_dying()) << "another process of that number";
  std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
  std::string line;
  std::getline(stat, line);
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  for (int number = 3; number <= 22; ++number) fields >> holder.started;
  EXPECT_FALSE(holder.is_dying());
  EXPECT_EQ(holder.presence(), Presence::kHere);
  ::kill(child, SIGKILL);
  siginfo_t ended = {};
  ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);  // it stays as a zombie
  EXPECT_TRUE(holder.is_dying());
  EXPECT_EQ(holder.presence(), Presence::kGone);
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(holder.is_dying());
}

TEST(LockHolder, OfAnotherHostNothingIsKnown) {
  LockHolder holder = LockHolder::this_process();
  holder.host = "another-node";
  EXPECT_EQ(holder.presence(), Presence::kElsewhere);
}

}  // namespace
}  // namespace intr
