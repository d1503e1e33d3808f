// SPDX-License-Identifier: Apache-2.0
// Packing that is killed, or whose disk fails: this program's own fsync, rename, pwrite and
// fallocate stand before the C library's, also for HDF5, and can fail or kill.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>

#include "intr/core/error.h"
#include "intr/data/sample_order.h"
#include "intr/io/atomic_file.h"
#include "preprocess/image_folder.h"
#include "preprocess/packer.h"
#include "support/child.h"
#include "support/temp_dir.h"
#include "tiny_source.h"

namespace {

enum class Call { kSync, kRename, kWrite, kReserve };
/// Calls from now on until one fails, by kind; negative: never.
std::atomic<std::int64_t> g_kill_after{-1};
std::atomic<int> g_failing{-1};
std::atomic<int> g_errno{0};

/// @return whether this call is to fail
bool strikes(Call call) {
  if (g_kill_after >= 0 && g_kill_after-- == 0) ::kill(::getpid(), SIGKILL);
  if (g_failing != static_cast<int>(call)) return false;
  errno = g_errno;
  return true;
}

}  // namespace

extern "C" {
int fsync(int file) {
  if (strikes(Call::kSync)) return -1;
  return static_cast<int>(::syscall(SYS_fsync, file));
}
int rename(const char* from, const char* to) noexcept {
  if (strikes(Call::kRename)) return -1;
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  if (strikes(Call::kWrite)) return -1;
  return ::syscall(SYS_pwrite64, file, data, size, offset);
}
ssize_t pwrite64(int file, const void* data, size_t size, off_t offset) {
  return pwrite(file, data, size, offset);
}
int fallocate(int file, int mode, off_t offset, off_t size) {
  if (strikes(Call::kReserve)) return -1;
  return static_cast<int>(::syscall(SYS_fallocate, file, mode, offset, size));
}
}

namespace intr {
namespace {

namespace fs = std::filesystem;

class PackFaultsTest : public testing::Test {
 protected:
  PackFaultsTest() {
    ::setenv("SOURCE_DATE_EPOCH", "0", 1);
    test::make_tiny_source(root);
    pack(folder / "whole", 1);
    expected = test::contents(folder / "whole");
  }
  ~PackFaultsTest() override { fail(-1, 0); }

  /// Shards of about two pictures.
  PackOutcome pack(const std::string& set, std::int64_t threads) const {
    ImageFolder source(root, {}, HiddenPolicy::kRefuse);
    const PackPlan plan = make_plan(source.scan(), 1000, "{\"store\":\"original\"}");
    PackerOptions options;
    options.check.threads = threads;
    return Packer(source, root, plan, set, options).run();
  }
  static void fail(int call, int error_number) {
    g_errno = error_number;
    g_failing = call;
  }
  /// What is there after a failure may be a whole shard, never half a file or a finished set.
  void expect_nothing_incomplete(const std::string& set) const {
    EXPECT_FALSE(fs::exists(set + "/dataset.json"));
    if (!fs::exists(set)) return;
    for (const auto& [name, bytes] : test::contents(set)) {
      if (name.ends_with(".h5") && !name.starts_with(".")) {
        EXPECT_EQ(bytes, expected.at(name)) << name;
      }
    }
  }
  void expect_resumed(const std::string& set, std::int64_t threads) const {
    EXPECT_NE(pack(set, threads), PackOutcome::kStopped);
    EXPECT_TRUE(test::contents(set) == expected) << set << " differs from an unbroken run";
  }
  void expect_full_disk(Call call, int error_number) const {
    const std::string set = folder / "full";
    fs::remove_all(set);
    fail(static_cast<int>(call), error_number);
    try {
      pack(set, 7);
      ADD_FAILURE() << "no error";
    } catch (const EnvironmentError& error) {
      EXPECT_EQ(error.code(), ExitCode::kEnvironment);
      EXPECT_NE(std::string(error.what()).find("Next: "), std::string::npos) << error.what();
    }
    fail(-1, 0);
    expect_nothing_incomplete(set);
    expect_resumed(set, 1);
  }
  test::TempDir folder;
  const std::string root = folder / "source";
  std::map<std::string, std::string> expected;
};

TEST_F(PackFaultsTest, KilledBeforeAnySystemCallThatCommits) {
  std::int64_t kills = 0;
  bool finished = false;
  for (std::int64_t call = 0; !finished && call < 2000; call += call < 20 ? 1 : 7) {
    const std::string set = folder / "set";
    const test::ChildResult child = test::in_child([&] {
      g_kill_after = call;
      pack(set, call % 2 == 0 ? 1 : 7);
      return std::string("finished");
    });
    finished = child.text == "finished";
    ASSERT_TRUE(finished || child.signal == SIGKILL) << child.text;
    if (!finished) ++kills;
    if (!fs::exists(set + "/dataset.json")) expect_nothing_incomplete(set);
    expect_resumed(set, call % 2 == 0 ? 7 : 1);
    fs::remove_all(set);
  }
  EXPECT_TRUE(finished);
  EXPECT_GT(kills, 20) << "the calls are not seen";
}

TEST_F(PackFaultsTest, KilledAtFiftyRandomMoments) {
  const std::string set = folder / "set";
  for (std::uint64_t moment = 0; moment < 50; ++moment) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      if (std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(1);
      pack(set, 2);
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(mix64(moment) % 60'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    if (!fs::exists(set + "/dataset.json")) expect_nothing_incomplete(set);
    if (moment % 3 == 2) {  // others are killed again where the last one stopped
      expect_resumed(set, moment % 2 == 0 ? 1 : 7);
      fs::remove_all(set);
    }
  }
}

TEST_F(PackFaultsTest, AFullDiskIsSeventyEightAndTheSameCommandGoesOn) {
  expect_full_disk(Call::kWrite, ENOSPC);
  expect_full_disk(Call::kWrite, EDQUOT);
  expect_full_disk(Call::kReserve, ENOSPC);
}

TEST_F(PackFaultsTest, AFailingSyncOrRenameLeavesNothing) {
  expect_full_disk(Call::kSync, EIO);
  expect_full_disk(Call::kRename, EACCES);
}

TEST_F(PackFaultsTest, AFileRemovedMeanwhileIsNamed) {
  ImageFolder source(root, {}, HiddenPolicy::kRefuse);
  const PackPlan plan = make_plan(source.scan(), 1000, "{}");
  fs::remove(root + "/val/b/1.png");
  try {
    Packer(source, root, plan, folder / "set", {}).run();
    ADD_FAILURE() << "no error";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("val/b/1.png"), std::string::npos) << error.what();
  }
  EXPECT_FALSE(fs::exists(folder / "set/dataset.json"));
}

TEST_F(PackFaultsTest, AFileTouchedBetweenTwoKillsIsStillPackedAgain) {
  const std::string set = folder / "set";
  test::in_child([&] {
    g_kill_after = 120;
    pack(set, 1);
    return std::string();
  });
  const std::string path = root + "/train/a/1.png";
  std::string bytes = read_file(path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file(path, bytes);
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(5));
  test::in_child([&] {  // the new plan file is in place, no shard is written again
    g_kill_after = 4;
    pack(set, 1);
    return std::string();
  });
  ASSERT_EQ(pack(set, 1), PackOutcome::kDone);
  pack(folder / "fresh", 1);
  EXPECT_TRUE(test::contents(set) == test::contents(folder / "fresh"));
}

}  // namespace
}  // namespace intr
