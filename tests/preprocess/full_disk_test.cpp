// SPDX-License-Identifier: Apache-2.0
// intr-pack where there is no room, or no leave to write: on a small file system that another file
// fills meanwhile; or, also where none may be mounted, with files that may not grow.
#include <gtest/gtest.h>

#include <filesystem>

#include "intr/data/sample_order.h"
#include "intr/io/atomic_file.h"
#include "started_program.h"
#include "support/small_disk.h"
#include "tiny_source.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::Files;
using test::ProgramResult;
using test::StartedProgram;

/// A picture that nothing makes smaller: three bytes a pixel.
std::string noise(std::uint64_t number, std::int64_t height, std::int64_t width) {
  std::string text = fmt::format("P6\n{} {}\n255\n", width, height);
  for (std::int64_t i = 0; i < 3 * height * width; ++i)
    text += static_cast<char>(mix64(number * 1'000'000 + static_cast<std::uint64_t>(i)));
  return text;
}

/// A picture that takes long to look at: time to fill the disk before the first shard.
const std::string& slow() {
  static const std::string png = test::png(1, {3000, 3000});
  return png;
}

/// Ten pictures of 14 KB a split, named and painted by numbers, and before all a slow one.
void make_source(const std::string& root, std::uint64_t first) {
  std::uint64_t number = 10 * first;
  test::put(fmt::format("{}/train/a/0 slow {}.png", root, first), slow());
  for (const char* split : {"train", "val"})
    for (const char* name : {"a", "b"})
      for (std::uint64_t i = first; i < first + 5; ++i)
        test::put(fmt::format("{}/{}/{}/{}.ppm", root, split, name, i), noise(++number, 60, 80));
}

class NoRoomTest : public testing::Test {
 protected:
  NoRoomTest() {
    ::setenv("SOURCE_DATE_EPOCH", "0", 1);
    // A rank alone then starts MPI without large files of its own, which a limit would forbid.
    ::setenv("OMPI_MCA_btl", "self", 1);
    make_source(root, 0);
    EXPECT_EQ(run({"pack", root, "--out", folder / "whole"}).exit_code, 0);
    expected = test::contents(folder / "whole");
  }
  static std::vector<std::string> program(std::vector<std::string> words) {
    words.insert(words.begin(), INTR_PACK_PROGRAM);
    return words;
  }
  static ProgramResult run(const std::vector<std::string>& words) {
    return StartedProgram(program(words)).wait();
  }
  /// 78, and a sentence that names a file, the reason and what to do.
  static void expect_says(const ProgramResult& result, const std::string& file,
                          const std::string& reason) {
    EXPECT_EQ(result.exit_code, 78) << result.errors;
    for (const std::string& part : {file, reason, std::string("Next: ")})
      EXPECT_NE(result.errors.find(part), std::string::npos) << part << "\n" << result.errors;
  }
  /// Under final names there is what is meant to be there, or nothing.
  static void expect_nothing_half(const std::string& place, const Files& whole) {
    if (!fs::exists(place)) return;
    for (const auto& [name, bytes] : test::contents(place)) {
      if (fs::path(name).filename().string().starts_with(".")) continue;
      EXPECT_TRUE(whole.count(name) == 1 && whole.at(name) == bytes) << name;
    }
  }
  test::TempDir folder;
  const std::string root = folder / "source";
  Files expected;
};

enum class Lack { kDisk, kFileSize };

/// What is lacking, and how many bytes are left.
class FullDiskTest : public NoRoomTest,
                     public testing::WithParamInterface<std::tuple<Lack, std::int64_t>> {
 protected:
  bool of_disk() const { return std::get<0>(GetParam()) == Lack::kDisk && disk.is_mounted(); }
  std::string reason() const { return of_disk() ? "No space left on device" : "File too large"; }
  /// Packing starts with room enough, and then there is none.
  ProgramResult run_out_of_room(const std::vector<std::string>& words) {
    const std::int64_t left = std::get<1>(GetParam());
    // Its list of files fits, and what it says.
    if (!of_disk())
      return StartedProgram(program(words), std::max<std::int64_t>(left, 16 << 10)).wait();
    StartedProgram packing(program(words));
    EXPECT_TRUE(packing.halt_when([this] { return has_plan(); })) << "too late to fill the disk";
    disk.fill_up_to(static_cast<std::uint64_t>(left));
    packing.send(SIGCONT);
    return packing.wait();
  }
  bool has_plan() const {
    std::error_code ignored;
    for (fs::recursive_directory_iterator entry(disk.folder(), ignored), end; entry != end;
         entry.increment(ignored))
      if (entry->path().filename() == ".pack-plan") return true;
    return false;
  }
  test::SmallDisk disk{folder / "disk", std::uint64_t{72} << 20};
  const std::string set = disk.folder() + "/set";
};

TEST_P(FullDiskTest, PackEndsWithSeventyEightAndGoesOnWithRoom) {
  const std::vector<std::string> words = {"pack", root, "--out", set, "--threads", "1"};
  expect_says(run_out_of_room(words), set + "/.", reason());
  EXPECT_FALSE(fs::exists(set + "/dataset.json"));
  expect_nothing_half(set, expected);
  disk.make_room();
  const ProgramResult again = run(words);
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_TRUE(test::contents(set) == expected) << "not the bytes of an unbroken run";
}

TEST_P(FullDiskTest, AppendLeavesTheSetAsItWas) {
  make_source(folder / "more", 50);
  fs::copy(folder / "whole", folder / "grown");
  ASSERT_EQ(run({"append", folder / "grown", folder / "more"}).exit_code, 0);
  const Files grown = test::contents(folder / "grown");
  fs::copy(folder / "whole", set);
  const std::vector<std::string> words = {"append", set, folder / "more", "--threads", "1"};
  expect_says(run_out_of_room(words), set, reason());
  EXPECT_EQ(run({"verify", set}).exit_code, 0);
  for (const auto& [name, bytes] : expected)
    EXPECT_TRUE(read_file(set + "/" + name) == bytes) << name;
  disk.make_room();
  const ProgramResult again = run(words);
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_TRUE(test::contents(set) == grown) << "not the bytes of an unbroken append";
}

// Nothing at all, a page, and enough for what describes the pictures but not for them.
INSTANTIATE_TEST_SUITE_P(Packing, FullDiskTest,
                         testing::Combine(testing::Values(Lack::kDisk, Lack::kFileSize),
                                          testing::Values(0, 4096, 64 << 10)));

class UnpackedDiskTest : public NoRoomTest, public testing::WithParamInterface<Lack> {};

TEST_P(UnpackedDiskTest, UnpackEndsWithSeventyEightAndGoesOnWithRoom) {
  // The last of them are too much, for the disk or for a file.
  fs::remove(root + "/train/a/0 slow 0.png");
  for (const char* split : {"train", "val"})
    test::put(fmt::format("{}/{}/b/large.ppm", root, split), noise(7, 300, 400));
  const std::string set = folder / "set";
  ASSERT_EQ(run({"pack", root, "--out", set}).exit_code, 0);
  const Files pictures = test::contents(root);
  test::SmallDisk disk(folder / "disk", GetParam() == Lack::kDisk ? 200 << 10 : 16 << 20);
  const bool of_disk = GetParam() == Lack::kDisk && disk.is_mounted();
  const std::string out = disk.folder() + "/out";
  const std::vector<std::string> words =
      program({"unpack", set, "--out", out, "--threads", "1", "--quiet"});
  const ProgramResult full = StartedProgram(words, of_disk ? -1 : 100 << 10).wait();
  expect_says(full, out + "/train/b/", of_disk ? "No space left on device" : "File too large");
  expect_nothing_half(out, pictures);
  const std::size_t kept = test::contents(out).size();
  EXPECT_GT(kept, 0u);
  EXPECT_LT(kept, pictures.size());
  disk.resize(16 << 20);
  const ProgramResult again = StartedProgram(words).wait();
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_TRUE(test::contents(out) == pictures);
}

INSTANTIATE_TEST_SUITE_P(Unpacking, UnpackedDiskTest,
                         testing::Values(Lack::kDisk, Lack::kFileSize));

TEST_F(NoRoomTest, TooSmallADiskIsRefusedBeforeAnythingIsWritten) {
  const test::SmallDisk disk(folder / "disk", 4 << 20);
  const std::string set = disk.folder() + "/set";
  if (disk.is_mounted()) {
    expect_says(run({"pack", root, "--out", set}), set, "4.0 MiB are free");
  } else {  // not even the list of files can be written
    expect_says(StartedProgram(program({"pack", root, "--out", set}), 0).wait(), set,
                "File too large");
  }
  EXPECT_TRUE(test::contents(set).empty());
}

/// A folder that may not be written, whoever asks: of a file system that is mounted so, or a file.
class ReadOnlyTest : public NoRoomTest, public testing::WithParamInterface<const char*> {
 protected:
  bool by_mount() const { return GetParam() == std::string("mount") && disk.is_mounted(); }
  void forbid() {
    if (by_mount()) return disk.make_read_only();
    if (fs::exists(place)) fs::rename(place, folder / "disk/aside");
    test::put(place, "a file");
  }
  void allow() {
    if (by_mount()) return disk.make_writable();
    fs::remove(place);
    if (fs::exists(folder / "disk/aside")) fs::rename(folder / "disk/aside", place);
  }
  std::string reason() const { return by_mount() ? "Read-only file system" : "Not a directory"; }
  test::SmallDisk disk{folder / "disk", std::uint64_t{72} << 20};
  const std::string place = folder / "disk/place";
};

TEST_P(ReadOnlyTest, ANewSetOrTreeIsRefusedByName) {
  const std::vector<std::string> pack = {"pack", root, "--out", place},
                                 unpack = {"unpack", folder / "whole", "--out", place};
  forbid();
  expect_says(run(pack), place, reason());
  expect_says(run(unpack), place, reason());
  allow();
  EXPECT_FALSE(fs::exists(place));
  EXPECT_EQ(run(pack).exit_code, 0);
  EXPECT_TRUE(test::contents(place) == expected);
}

TEST_P(ReadOnlyTest, AnUnfinishedSetStaysAsItIs) {
  const std::vector<std::string> pack = {"pack", root, "--out", place};
  StartedProgram packing(program(pack));
  ASSERT_TRUE(packing.halt_when([&] { return fs::exists(place + "/.pack-plan"); }));
  packing.send(SIGKILL);
  packing.wait();
  // What a run that is killed a moment later leaves, too.
  const std::string plan = read_file(place + "/.pack-plan");
  const std::size_t id = plan.find('\n') + 1;
  test::put(place + "/.train-00000-of-00001.h5.tmp-" + plan.substr(id, plan.find('\n', id) - id),
            "");
  const Files before = test::contents(place);
  ASSERT_EQ(before.count("dataset.json"), 0u) << "killed too late";
  forbid();
  expect_says(run(pack), place, reason());
  allow();
  EXPECT_TRUE(test::contents(place) == before);
  EXPECT_EQ(run(pack).exit_code, 0);
  EXPECT_TRUE(test::contents(place) == expected);
  if (!by_mount()) return;
  forbid();
  EXPECT_EQ(run(pack).exit_code, 0) << "nothing to do";
  EXPECT_EQ(run({"verify", place}).exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Forbidden, ReadOnlyTest, testing::Values("mount", "file"));

}  // namespace
}  // namespace intr
