// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class RunLockTest : public testing::Test {
 protected:
  /// Changes one member of the lock that is there.
  void change(const char* member, const nlohmann::ordered_json& value) {
    nlohmann::ordered_json holder = read_json(path_);
    holder[member] = value;
    write_file(path_, holder.dump() + "\n");
  }
  test::TempDir folder_;
  const std::string path_ = folder_ / "run.lock";
};

TEST_F(RunLockTest, IsThereWhileHeld) {
  {
    const RunLock lock(folder_.path(), false);
    EXPECT_EQ(read_json(path_).at("pid"), ::getpid());
  }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(RunLockTest, ALiveHolderKeepsOthersOut) {
  const RunLock lock(folder_.path(), false);
  try {
    const RunLock second(folder_.path(), false);
    FAIL() << "two jobs in one run directory";
  } catch (const EnvironmentError& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(::getpid())), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("--take-lock"), std::string::npos);
  }
}

TEST_F(RunLockTest, AProcessThatEndedHoldsNothing) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  {
    const RunLock lock(folder_.path(), false);
    change("pid", child);
    const RunLock second(folder_.path(), false);
    EXPECT_EQ(read_json(path_).at("pid"), ::getpid());
  }
}

TEST_F(RunLockTest, APidUsedAgainHoldsNothing) {
  const RunLock lock(folder_.path(), false);
  change("started", "1");
  const RunLock second(folder_.path(), false);
}

TEST_F(RunLockTest, AnotherHostIsLeftAloneUnlessForced) {
  const RunLock lock(folder_.path(), false);
  change("host", "another-node");
  EXPECT_THROW(RunLock(folder_.path(), false), EnvironmentError);
  { const RunLock forced(folder_.path(), true); }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(RunLockTest, ALockThatWasTakenOverIsNotRemoved) {
  {
    const RunLock lock(folder_.path(), false);
    change("host", "another-node");
  }
  EXPECT_TRUE(fs::exists(path_));
}

TEST_F(RunLockTest, WhoLostTheLockIsTold) {
  const RunLock lock(folder_.path(), false);
  EXPECT_NO_THROW(lock.require_held());
  change("host", "another-node");
  EXPECT_THROW(lock.require_held(), PeerError);
  fs::remove(path_);
  EXPECT_THROW(lock.require_held(), PeerError) << "the other job came and went";
}

TEST_F(RunLockTest, AnUnreadableLockIsUndecidable) {
  write_file(path_, "no JSON\n");
  EXPECT_THROW(RunLock(folder_.path(), false), EnvironmentError);
}

}  // namespace
}  // namespace intr
