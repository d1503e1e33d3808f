// SPDX-License-Identifier: Apache-2.0
#include "intr/train/fault_injector.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <torch/torch.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class FaultInjectorTest : public testing::Test {
 protected:
  FaultInjector injector(const std::vector<std::string>& faults, int rank = 0) const {
    return FaultInjector(parse_faults(faults), rank, EventLog(folder_.path(), "try", rank));
  }
  std::string events() const {
    const std::string path = folder_ / "events.jsonl";
    return std::filesystem::exists(path) ? read_file(path) : "";
  }
  /// The status that a process of its own ends with, which this fault should end.
  int status_of(const std::string& fault) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would make a report of it
      injector({fault}).begin_step(1, state_);
      ::_exit(99);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }

  test::TempDir folder_;
  FlatState state_{{{.name = "weight", .shape = {4}}}, at::kCPU};
};

TEST_F(FaultInjectorTest, KillEndsTheProcessAtOnce) {
  const int status = status_of("kill:step=1");
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_NE(events().find("\"fault\":\"kill:step=1\",\"step\":1"), std::string::npos) << events();
  EXPECT_NE(events().find("\"kind\":\"inject\""), std::string::npos);
}

TEST_F(FaultInjectorTest, ExitLeavesWithItsCode) {
  const int status = status_of("exit:step=1,code=9");
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

TEST_F(FaultInjectorTest, SegvCrashes) {
  const int status = status_of("segv:step=1");
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

TEST_F(FaultInjectorTest, OtherStepsAndRanksAreLeftAlone) {
  const int status = status_of("kill:step=2");
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 99);
  injector({"kill:step=1,rank=1"}).begin_step(1, state_);
  EXPECT_EQ(events(), "");
}

TEST_F(FaultInjectorTest, RestartedRunsMeetOnlyFaultsOfAnyAttempt) {
  FaultInjector once = injector({"nan:step=1"});
  once.set_restarts(1);
  once.begin_step(1, state_);
  EXPECT_TRUE(at::isfinite(state_.grad()).all().item<bool>());
  FaultInjector always = injector({"nan:step=1,attempt=any"});
  always.set_restarts(1);
  always.begin_step(1, state_);
  EXPECT_FALSE(at::isfinite(state_.grad()).all().item<bool>());
}

TEST_F(FaultInjectorTest, NanLastsThroughBackward) {
  FaultInjector faults = injector({"nan:step=2,count=2"});
  for (std::int64_t step = 1; step <= 4; ++step) {
    state_.grad().zero_();
    faults.begin_step(step, state_);
    state_.parameter(0).sum().backward();
    EXPECT_EQ(at::isfinite(state_.grad()).all().item<bool>(), step == 1 || step == 4) << step;
  }
}

TEST_F(FaultInjectorTest, FlipChangesOneBit) {
  FaultInjector faults = injector({"flip:step=1,index=2,bit=23"});
  state_.param().fill_(1.5F);
  faults.begin_step(1, state_);
  EXPECT_EQ(state_.param()[1].item<float>(), 1.5F);
  EXPECT_EQ(state_.param()[2].item<float>(), 0.75F);  // the lowest bit of the exponent
  EXPECT_THROW(injector({"flip:step=1,index=4000"}).begin_step(1, state_), UsageError);
}

TEST_F(FaultInjectorTest, SlowIsOneEventHoweverLong) {
  FaultInjector faults = injector({"slow:ms=1,from=2,to=4"});
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t step = 1; step <= 5; ++step) faults.begin_step(step, state_);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(3));
  const std::string lines = events();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1);
}

TEST_F(FaultInjectorTest, DelaysAddUp) {
  const WireDelay delay = injector({"delay:ms=2,jitter=1", "delay:ms=3,mbps=8"}, 5).wire_delay();
  EXPECT_DOUBLE_EQ(delay.seconds, 0.005);
  EXPECT_DOUBLE_EQ(delay.jitter_s, 0.001);
  EXPECT_DOUBLE_EQ(delay.seconds_per_byte, 1e-6);
}

TEST_F(FaultInjectorTest, SavesFailOnceAtTheirStage) {
  FaultInjector faults = injector({"save:stage=fsync,action=enospc"}, 3);
  EXPECT_EQ(faults.at_save(SaveStage::kWrite), std::nullopt);
  EXPECT_EQ(faults.at_save(SaveStage::kFsync), FaultAction::kEnospc);
  EXPECT_EQ(faults.at_save(SaveStage::kFsync), std::nullopt);
}

TEST_F(FaultInjectorTest, ReadsOfASampleFailAgainAndAgain) {
  FaultInjector faults = injector({"read:sample=3,action=flip"});
  EXPECT_TRUE(faults.watches_reads());
  EXPECT_EQ(faults.at_read(2), std::nullopt);
  EXPECT_EQ(faults.at_read(3), FaultAction::kFlip);
  EXPECT_EQ(faults.at_read(3), FaultAction::kFlip);
  EXPECT_FALSE(injector({"read:sample=3,rank=1"}).watches_reads());
}

}  // namespace
}  // namespace intr
