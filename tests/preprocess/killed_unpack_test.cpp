// SPDX-License-Identifier: Apache-2.0
// Unpacking that is killed: before any system call that writes, by standing before the C library's,
// and as a user's program at many moments.
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "packed_set.h"
#include "preprocess/set_unpacker.h"
#include "started_program.h"
#include "support/child.h"

namespace {

/// Calls from now on until one kills this process; negative: never.
std::atomic<std::int64_t> g_kill_after{-1};

void count_call() {
  if (g_kill_after >= 0 && g_kill_after-- == 0) ::kill(::getpid(), SIGKILL);
}

}  // namespace

extern "C" {
int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  count_call();
  return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, 0));
}
int mkdirat(int folder, const char* path, mode_t mode) noexcept {
  count_call();
  return static_cast<int>(::syscall(SYS_mkdirat, folder, path, mode));
}
/// Half of it, so that what follows is a file that is half there.
ssize_t write(int file, const void* data, size_t size) {
  count_call();
  const bool kills_next = g_kill_after == 0;
  return ::syscall(SYS_write, file, data, kills_next && size > 1 ? size / 2 : size);
}
int syncfs(int file) noexcept {
  count_call();
  return static_cast<int>(::syscall(SYS_syncfs, file));
}
}

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::Files;

class KilledUnpackTest : public test::PackedSetTest {
 protected:
  KilledUnpackTest() {
    pack();
    source = test::contents(root);
  }
  void unpack_all(std::int64_t threads) const {
    OutputTree tree(out);
    UnpackOptions options;
    options.threads = threads;
    for (const char* split : {"train", "val"})
      unpack_split(DataIndex::open(set, split), tree, options);
    tree.finish();
  }
  /// Half a file has no name but in the folder of unfinished ones. @return pictures that are there
  std::int64_t expect_nothing_half() const {
    std::int64_t pictures = 0;
    for (const auto& [name, bytes] : test::contents(out)) {
      if (name.starts_with(".intr-unfinished/")) continue;
      EXPECT_TRUE(source.count(name) == 1 && source.at(name) == bytes) << name;
      ++pictures;
    }
    return pictures;
  }
  Files source;
  const std::string out = folder / "out";
};

TEST_F(KilledUnpackTest, BeforeAnyCallThatWrites) {
  bool finished = false, half_seen = false;
  std::int64_t kills = 0;
  for (std::int64_t call = 0; !finished && call < 500; ++call) {
    const std::int64_t threads = call % 2 == 0 ? 1 : 3;
    const test::ChildResult child = test::in_child([&] {
      g_kill_after = call;
      unpack_all(threads);
      g_kill_after = -1;
      return std::string("finished");
    });
    finished = child.text == "finished";
    ASSERT_TRUE(finished || child.signal == SIGKILL) << child.text;
    kills += finished ? 0 : 1;
    for (const auto& [name, bytes] : test::contents(out))
      half_seen = half_seen || (name.starts_with(".intr-unfinished/") && !bytes.empty());
    expect_nothing_half();
    unpack_all(4 - threads);
    EXPECT_TRUE(test::contents(out) == source) << "killed before call " << call;
    fs::remove_all(out);
  }
  EXPECT_TRUE(finished);
  EXPECT_GT(kills, 20) << "the calls are not seen";
  EXPECT_TRUE(half_seen);
}

TEST_F(KilledUnpackTest, TheProgramAtManyMomentsOfOneTree) {
  for (std::int64_t i = 0; i < 300; ++i)
    test::put(root + "/train/a/more" + std::to_string(i) + ".png", test::png(1000 + i));
  ASSERT_EQ(run("pack " + test::quoted(root) + " --out " + test::quoted(folder / "more")).exit_code,
            0);
  source = test::contents(root);
  const std::vector<std::string> words = {
      INTR_PACK_PROGRAM, "unpack", folder / "more", "--out", out, "--threads", "2"};
  const auto there = [&] {  // only counts: what it sees may be gone a moment later
    std::int64_t files = 0;
    std::error_code ignored;
    for (fs::directory_iterator entry(out + "/train/a", ignored), end; entry != end;
         entry.increment(ignored))
      ++files;
    return files;
  };
  std::int64_t before = 0, kills = 0;
  for (const std::int64_t moment : {1, 20, 60, 61, 100, 180, 250}) {
    test::StartedProgram unpacking(words);
    if (unpacking.halt_when([&] { return there() >= moment; })) ++kills;
    unpacking.send(SIGKILL);
    unpacking.wait();
    const std::int64_t kept = expect_nothing_half();
    EXPECT_GE(kept, before) << "what was there was taken away";
    before = kept;
  }
  EXPECT_GT(kills, 2);
  const test::ProgramResult last = test::StartedProgram(words).wait();
  EXPECT_EQ(last.exit_code, 0) << last.errors;
  EXPECT_TRUE(test::contents(out) == source);
  EXPECT_FALSE(fs::exists(out + "/.intr-unfinished"));
}

}  // namespace
}  // namespace intr
