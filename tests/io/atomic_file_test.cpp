// SPDX-License-Identifier: Apache-2.0
#include "intr/io/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <type_traits>
#include <vector>

#include "intr/core/error.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

static_assert(std::is_nothrow_move_constructible_v<AtomicFile>);
static_assert(!std::is_copy_constructible_v<AtomicFile>);

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

using Names = std::vector<std::string>;

TEST(AtomicFile, AppearsWholeOnCommit) {
  const test::TempDir folder;
  AtomicFile file(folder / "a.json", "7");
  EXPECT_EQ(file.temporary_path(), folder / ".a.json.tmp-7");
  write_file(file.temporary_path(), "text");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.json"));
  file.commit();
  EXPECT_EQ(files_in(folder.path()), Names{"a.json"});
  EXPECT_EQ(read_file(folder / "a.json"), "text");
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const test::TempDir folder;
  write_file(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    write_file(file.temporary_path(), "half of the n");
    AtomicFile moved(std::move(file));
    EXPECT_EQ(files_in(folder.path()).size(), 2U);
  }
  EXPECT_EQ(files_in(folder.path()), Names{"a"});
  EXPECT_EQ(read_file(folder / "a"), "old");
}

TEST(AtomicFile, ReplacesWhatAnEarlierRunLeft) {
  const test::TempDir folder;
  write_file(folder / ".a.tmp-7", "left by a killed run");
  const AtomicFile file(folder / "a", "7");
  EXPECT_FALSE(std::filesystem::exists(folder / ".a.tmp-7"));
}

TEST(AtomicFile, AFailedRenameLeavesNothing) {
  const test::TempDir folder;
  std::filesystem::create_directories(folder / "a/b");  // no file can take this name
  EXPECT_THROW(write_file(folder / "a", "text"), Error);
  EXPECT_EQ(files_in(folder.path()), Names{"a"});
}

TEST(AtomicFile, AFailedWriteLeavesTheOldFile) {
  const test::TempDir folder;
  write_file(folder / "a", "old");
  // The kernel refuses to let a file grow past this, as a full disk would.
  struct rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit small = before;
  small.rlim_cur = 1000;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_THROW(write_file(folder / "a", std::string(5000, 'x')), EnvironmentError);
  EXPECT_THROW(write_new_file(folder / "b", std::string(5000, 'x')), EnvironmentError);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(files_in(folder.path()), Names{"a"});
  EXPECT_EQ(read_file(folder / "a"), "old");
}

TEST(AtomicFile, NoFolderIsNamed) {
  const test::TempDir folder;
  try {
    write_file(folder / "missing/a", "text");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("missing"));
  }
}

TEST(AtomicFile, TheFirstWriterOfANewFileWins) {
  const test::TempDir folder;
  EXPECT_TRUE(write_new_file(folder / "a", "first"));
  EXPECT_FALSE(write_new_file(folder / "a", "second"));
  EXPECT_EQ(read_file(folder / "a"), "first");
  EXPECT_EQ(files_in(folder.path()), Names{"a"});
}

TEST(AtomicFile, ReadsAnyBytes) {
  const test::TempDir folder;
  const std::string bytes("\0\xff\n", 3);
  write_file(folder / "a", bytes);
  EXPECT_EQ(read_file(folder / "a"), bytes);
  write_file(folder / "b", std::string(200'000, 'y'));  // more than one block
  EXPECT_EQ(read_file(folder / "b"), std::string(200'000, 'y'));
  EXPECT_THROW(read_file(folder / "missing"), DataError);
  EXPECT_THROW(read_file(folder.path()), DataError);
}

TEST(AtomicFile, AppendsLines) {
  const test::TempDir folder;
  append_line(folder / "log", "one");
  append_line(folder / "log", "two");
  EXPECT_EQ(read_file(folder / "log"), "one\ntwo\n");
}

TEST(AtomicFile, MakesFolders) {
  const test::TempDir folder;
  make_folder(folder / "a/b/c");
  make_folder(folder / "a/b/c");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b/c"));
  write_file(folder / "file", "");
  EXPECT_THROW(make_folder(folder / "file/x"), EnvironmentError);
}

TEST(AtomicFile, RemovesWhatKilledWritersLeft) {
  const test::TempDir folder;
  write_file(folder / ".a.tmp-1", "half");
  write_file(folder / ".a.tmp-host-2", "half");
  make_folder(folder / ".a.tmp-3.d");
  write_file(folder / ".a.tmp-3.d/half", "half");
  write_file(folder / ".ab.tmp-1", "of another file");
  remove_leftovers(folder / "a");
  EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{".ab.tmp-1"});
  remove_leftovers(folder / "missing/a");
}

TEST(AtomicFile, AsksForSpace) {
  const test::TempDir folder;
  EXPECT_GT(free_bytes(folder.path()), 0U);
  EXPECT_THROW(free_bytes(folder / "missing"), DataError);
  write_file(folder / "a", "text");
  reserve_space(folder / "a", 100'000);
  EXPECT_EQ(read_file(folder / "a").substr(0, 4), "text");
  EXPECT_THROW(reserve_space(folder / "a", std::uint64_t{1} << 60), EnvironmentError);
}

}  // namespace
}  // namespace intr
