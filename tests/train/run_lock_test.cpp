// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "support/environment.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::FakeSqueue;
using test::InJob;

constexpr std::chrono::milliseconds kSoon{20};

class RunLockTest : public testing::Test {
 protected:
  RunLockTest() { log::set_quiet(true); }
  /// Changes one member of the lock that is there. The new file is locked by nobody.
  void change(const char* member, const nlohmann::ordered_json& value) {
    nlohmann::ordered_json holder = read_json(path_);
    holder[member] = value;
    write_file(path_, holder.dump() + "\n");
  }
  /// What keeps a second job out; empty if nothing does.
  std::string refusal(bool force = false) const {
    try {
      const RunLock second(folder_.path(), force, kSoon);
    } catch (const EnvironmentError& error) {
      return error.what();
    }
    return {};
  }
  void expect_refusal(const std::vector<std::string>& parts) const {
    const std::string text = refusal();
    for (const std::string& part : parts)
      EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
  InJob job_{""};  // whatever the tests run in
  test::TempDir folder_;
  const std::string path_ = folder_ / "run.lock";
};

TEST_F(RunLockTest, IsThereWhileHeld) {
  {
    const RunLock lock(folder_.path(), false);
    EXPECT_EQ(read_json(path_).at("pid"), ::getpid());
    EXPECT_TRUE(is_locked(path_));
    EXPECT_NO_THROW(lock.require_held());
  }
  EXPECT_FALSE(fs::exists(path_));
  for (const auto& file : fs::directory_iterator(folder_.path()))
    EXPECT_EQ(file.path().filename(), "run.lock.guard") << "nothing temporary stays";
}

TEST_F(RunLockTest, ALiveHolderKeepsOthersOutAndIsNamed) {
  const InJob job("4711", "2");
  const FakeSqueue squeue("echo RUNNING");
  const RunLock lock(folder_.path(), false);
  const std::string before = read_file(path_);
  expect_refusal({path_, "another job works in this run directory",
                  "process " + std::to_string(::getpid()), "job 4711 (restart 2)", "since 20",
                  "--take-lock"});
  EXPECT_EQ(read_file(path_), before);
}

TEST_F(RunLockTest, AProcessThatEndedHoldsNothing) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  const RunLock lock(folder_.path(), false);
  change("pid", child);
  const RunLock second(folder_.path(), false, kSoon);
  EXPECT_EQ(read_json(path_).at("pid"), ::getpid());
}

TEST_F(RunLockTest, APidUsedAgainHoldsNothing) {
  const RunLock lock(folder_.path(), false);
  change("started", "1");
  EXPECT_EQ(refusal(), "");
}

TEST_F(RunLockTest, AHostThatWasRestartedHoldsNothing) {
  const RunLock lock(folder_.path(), false);
  change("boot", "another");
  EXPECT_EQ(refusal(), "");
}

TEST_F(RunLockTest, AFileThatIsLockedHasAHolderWhateverItsNumber) {
  const RunLock lock(folder_.path(), false);
  change("started", "1");
  const FileLock seen(path_);
  ASSERT_TRUE(seen.try_take());
  expect_refusal({"its process runs"});
}

TEST_F(RunLockTest, TheNextStartOfTheSameJobTakesOver) {
  const InJob first("4711");
  const RunLock lock(folder_.path(), false);
  const InJob second("4711", "1");
  const FakeSqueue squeue("echo RUNNING");
  const RunLock taken(folder_.path(), false, kSoon);
  EXPECT_EQ(read_json(path_).at("restart"), 1);
  EXPECT_THROW(lock.require_held(), PeerError);
}

TEST_F(RunLockTest, AJobThatTheSchedulerDoesNotRunHoldsNothing) {
  const InJob first("4711");
  const RunLock lock(folder_.path(), false);
  change("host", "another-node");
  const InJob second("4712");
  {
    const FakeSqueue squeue("echo RUNNING");
    expect_refusal({"works in this run directory (the scheduler says RUNNING)", "another-node"});
  }
  {
    const FakeSqueue squeue("exit 1");
    expect_refusal({"may work in this run directory", "squeue failed with 1"});
  }
  const FakeSqueue squeue("exit 0");
  EXPECT_EQ(refusal(), "");
}

TEST_F(RunLockTest, AnotherHostIsLeftAloneUnlessForced) {
  const RunLock lock(folder_.path(), false);
  change("host", "another-node");
  expect_refusal({"may work", "cannot be told", "another-node", "--take-lock"});
  EXPECT_EQ(refusal(true), "");
  EXPECT_FALSE(fs::exists(path_)) << "the second one had it and left";
}

TEST_F(RunLockTest, ALockThatWasTakenOverIsNotRemoved) {
  {
    const RunLock lock(folder_.path(), false);
    change("token", "another");
  }
  EXPECT_TRUE(fs::exists(path_));
}

TEST_F(RunLockTest, WhoLostTheLockIsTold) {
  const RunLock lock(folder_.path(), false);
  EXPECT_NO_THROW(lock.require_held());
  change("token", "another");
  EXPECT_THROW(lock.require_held(), PeerError);
  fs::remove(path_);
  EXPECT_THROW(lock.require_held(), PeerError) << "the other job came and went";
}

TEST_F(RunLockTest, WhoIsReplacedAtTheSameMomentLeaves) {
  LockHolder holder;
  holder.token = "first";
  holder.host = "another-node";
  const std::string first = holder.text();
  holder.token = "other";
  const std::string other = holder.text();
  write_file(path_, first);
  const std::string ready = folder_ / "ready";
  write_file(ready, other);
  std::thread overtaker([&] {
    while (read_file(path_) == first) std::this_thread::yield();
    fs::rename(ready, path_);
  });
  try {
    const RunLock late(folder_.path(), true, std::chrono::milliseconds(500));
    ADD_FAILURE() << "two jobs in one run directory";
  } catch (const EnvironmentError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("took it at the same moment: host another-node"), std::string::npos);
  }
  overtaker.join();
  EXPECT_EQ(read_file(path_), other) << "it is not ours to remove";
}

TEST_F(RunLockTest, AnUnreadableLockIsUndecidable) {
  for (const char* text : {"", "no JSON\n", "{}", "{\"host\":7}", "\x01\xff"}) {
    write_file(path_, text);
    expect_refusal({path_, "does not say who works in this run directory",
                    std::to_string(std::string(text).size()) + " bytes", "--take-lock"});
    EXPECT_EQ(read_file(path_), text);
  }
  EXPECT_EQ(refusal(true), "");
}

TEST_F(RunLockTest, WhatIsNoFileIsNoLock) {
  fs::create_directory(path_);
  expect_refusal({path_, "this is no file", "remove it"});
  fs::remove(path_);
  fs::create_symlink(folder_ / "nowhere", path_);
  expect_refusal({path_, "this is no file", "remove it"});
}

/// Starts processes that try to take the lock at one moment and hold what they get until all have
/// an answer. @return exit statuses: 0 took it, 78 was refused
class Contest {
 public:
  Contest(int num_jobs, const std::function<void(const std::function<void()>& hold)>& take) {
    std::array<std::array<int, 2>, 3> pipes{};  // go, answer, leave
    for (auto& ends : pipes)
      if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    for (int i = 0; i < num_jobs; ++i) {
      const pid_t child = ::fork();
      if (child != 0) {
        children_.push_back(child);
        continue;
      }
      ::close(pipes[0][1]);
      ::close(pipes[2][1]);
      ::_exit(job(take, pipes));
    }
    ::close(pipes[0][1]);  // go
    char answer = 0;
    for (int i = 0; i < num_jobs; ++i)
      if (::read(pipes[1][0], &answer, 1) != 1) throw std::runtime_error("a job gave no answer");
    ::close(pipes[2][1]);  // leave
    for (const int end : {pipes[0][0], pipes[1][0], pipes[1][1], pipes[2][0]}) ::close(end);
    for (const pid_t child : children_) {
      int status = 0;
      ::waitpid(child, &status, 0);
      codes_.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    std::sort(codes_.begin(), codes_.end());
  }
  const std::vector<int>& codes() const { return codes_; }

 private:
  static int job(const std::function<void(const std::function<void()>& hold)>& take,
                 const std::array<std::array<int, 2>, 3>& pipes) {
    char byte = 0;
    const auto wait_for_end = [&byte](int descriptor) {
      while (::read(descriptor, &byte, 1) > 0) {
      }
    };
    const auto answer = [&] { static_cast<void>(::write(pipes[1][1], "x", 1) == 1); };
    wait_for_end(pipes[0][0]);
    try {
      take([&] {
        answer();
        wait_for_end(pipes[2][0]);
      });
      return 0;
    } catch (const Error& error) {
      answer();
      return static_cast<int>(error.code());
    }
  }
  std::vector<pid_t> children_;
  std::vector<int> codes_;
};

class RunLockContest : public RunLockTest, public testing::WithParamInterface<int> {
 protected:
  void expect_one_winner(bool force) const {
    std::vector<int> expected(static_cast<std::size_t>(GetParam()), 78);
    expected.front() = 0;
    const Contest contest(GetParam(), [&](const std::function<void()>& hold) {
      // No second look: on one machine the guard alone must do.
      const RunLock lock(folder_.path(), force, std::chrono::milliseconds(0));
      hold();
      lock.require_held();
    });
    ASSERT_EQ(contest.codes(), expected);
  }
};

TEST_P(RunLockContest, OfSeveralThatStartTogetherOneRuns) {
  for (int round = 0; round < 50; ++round) {
    expect_one_winner(false);
    ASSERT_FALSE(fs::exists(path_));
  }
}

TEST_P(RunLockContest, OfSeveralThatFindAStaleLockOneRuns) {
  LockHolder ended = LockHolder::this_process();
  ended.started = "1";
  for (int round = 0; round < 50; ++round) {
    write_file(path_, ended.text());
    expect_one_winner(false);
    ASSERT_FALSE(fs::exists(path_));
  }
}

INSTANTIATE_TEST_SUITE_P(Jobs, RunLockContest, testing::Values(2, 8));

}  // namespace
}  // namespace intr
