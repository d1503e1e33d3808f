// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <map>

#include "intr/data/data_index.h"
#include "intr/io/json_file.h"
#include "packed_set.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::quoted;

class UnpackCommandTest : public test::PackedSetTest {
 protected:
  /// Every file below a folder, links followed: path -> bytes.
  static std::map<std::string, std::string> tree(const std::string& path) {
    std::map<std::string, std::string> files;
    for (const auto& entry :
         fs::recursive_directory_iterator(path, fs::directory_options::follow_directory_symlink))
      if (entry.is_regular_file())
        files[entry.path().string().substr(path.size())] = read_file(entry.path().string());
    return files;
  }
  /// test::put() could not: its temporary name would be too long.
  static void put_plainly(const std::string& path, const std::string& contents) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << contents;
  }
  test::ProgramResult unpack(const std::string& more = "") {
    return on_set("unpack", "--out " + quoted(out) + " " + more);
  }
  const std::string out = folder / "out of set";
};

TEST_F(UnpackCommandTest, GivesATreeOfOddNamesBackByteForByte) {
  const std::string elsewhere = folder / "elsewhere";
  test::put(elsewhere + "/linked.jpg", test::jpeg(50));
  test::put(elsewhere + "/more/deep.jpg", test::jpeg(51));
  const std::string train = root + "/train/";
  std::int64_t number = 60;
  for (const std::string& name :
       {std::string("with space.jpg"), std::string("new\nline.jpg"), std::string("q'u\"o`te.jpg"),
        std::string("$HOME;&|*?.jpg"), std::string("bad\xff.jpg"), std::string("100%.jpg"),
        std::string(251, 'n') + ".jpg", std::string("sub/folder.jpg/deeper/x.jpg"),
        std::string("-rf.jpg"), std::string("\xC3\xA9.PNG")})
    put_plainly(train + "a/" + name, test::jpeg(++number));
  fs::create_symlink(elsewhere + "/linked.jpg", train + "a/to_file.jpg");
  fs::create_directory_symlink(elsewhere + "/more", train + "b/to_folder");
  fs::copy(root + "/train/a", root + "/train/A");  // differs in case only
  fs::copy(root + "/val/a", root + "/val/A");
  pack();
  const test::ProgramResult result = unpack("--threads 3");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(tree(out), tree(root));
  EXPECT_FALSE(fs::is_symlink(out + "/train/a/to_file.jpg"));
  EXPECT_FALSE(fs::exists(out + "/.intr-unfinished"));
}

TEST_F(UnpackCommandTest, GoesOnWhereItStopped) {
  pack();
  auto facts = json_of("unpack", "--quiet --split val --out " + quoted(out));
  EXPECT_EQ(facts["written"], 4);
  EXPECT_FALSE(fs::exists(out + "/train"));
  fs::remove(out + "/val/a/0.jpg");
  facts = json_of("unpack", "--quiet --out " + quoted(out));
  EXPECT_EQ(facts["written"], 7);
  EXPECT_EQ(facts["kept"], 3);
  EXPECT_EQ(tree(out), tree(root));
  facts = json_of("unpack", "--out " + quoted(out));
  EXPECT_EQ(facts["written"], 0);
  EXPECT_EQ(facts["kept"], 10);
  EXPECT_EQ(facts["different"].size(), 0u);
}

TEST_F(UnpackCommandTest, StopsOnRequestAndSurvivesBeingKilled) {
  pack();
  const std::string command = quoted(INTR_PACK_PROGRAM) + " unpack " + quoted(set) + " --out " +
                              quoted(out) + " --threads 2";
  // A blocked signal stays pending across exec: it is there before the first picture.
  const test::ProgramResult stopped =
      test::run_program("env --block-signal=USR2 sh -c 'kill -USR2 $$; exec \"$@\"' sh " + command);
  EXPECT_EQ(stopped.exit_code, 75) << stopped.errors;
  EXPECT_NE(stopped.errors.find("run the same command again"), std::string::npos);
  for (const char* after : {"0.002", "0.005", "0.01", "0.015", "0.02"})
    test::run_program(std::string("timeout --foreground -s KILL ") + after + " " + command);
  EXPECT_EQ(test::run_program(command).exit_code, 0);
  EXPECT_EQ(tree(out), tree(root));
  EXPECT_FALSE(fs::exists(out + "/.intr-unfinished"));
}

TEST_F(UnpackCommandTest, LeavesFilesOfOthersAlone) {
  pack();
  test::put(out + "/val/a/0.jpg", "edited by hand");
  const test::ProgramResult refused = unpack();
  expect_refused(refused, 65, "val/a/0.jpg: is there with other bytes, and was left alone");
  expect_refused(refused, 65, "1 files have other bytes than the set. Next: ");
  EXPECT_EQ(read_file(out + "/val/a/0.jpg"), "edited by hand");
  EXPECT_EQ(tree(out).size(), 10u) << "all others were written";
  EXPECT_EQ(unpack("--overwrite").exit_code, 0);
  EXPECT_EQ(tree(out), tree(root));
}

TEST_F(UnpackCommandTest, NeverLeavesItsFolder) {
  pack();
  const std::string outside = folder / "outside";
  fs::create_directories(outside);
  fs::create_directories(out + "/val");
  fs::create_directory_symlink(outside, out + "/val/a");
  expect_refused(unpack(), 65, "val/a: a link or a file where a folder is needed");
  EXPECT_TRUE(fs::is_empty(outside));
  fs::remove(out + "/val/a");
  // A hostile set: its index says ../ and has a fitting hash in its manifest.
  const std::string index = set + "/val.index.h5";
  std::string bytes = read_file(index);
  const std::size_t path = bytes.find("a/0.jpga/1.png");
  ASSERT_NE(path, std::string::npos);
  write_file(index, bytes.replace(path, 7, "../x.gg"));
  auto manifest = read_json(set + "/dataset.json");
  manifest["splits"]["val"]["index"]["xxh3_128"] = hash_file(index);
  write_json(set + "/dataset.json", manifest);
  expect_refused(unpack(), 65, "leads out of its folder");
  EXPECT_FALSE(fs::exists(out + "/x.gg"));
}

TEST_F(UnpackCommandTest, WritesNoDamagedPicture) {
  pack();
  const DataIndex index = DataIndex::open(set, "val");
  const DataIndex::Shard& shard = index.shards()[0];
  test::flip_byte(set + "/" + shard.file, shard.data_begin + index.begin(1));
  expect_refused(unpack(), 65, "sample 1 (a/1.png), bytes ");
  EXPECT_FALSE(fs::exists(out + "/val/a/1.png"));
}

TEST_F(UnpackCommandTest, WantsLeaveForReencodedPictures) {
  const std::string idx = folder / "idx";
  test::make_tiny_idx(idx);
  ASSERT_EQ(run("pack --splits train --out " + quoted(set) + " " + quoted(idx)).exit_code, 0);
  expect_refused(unpack(), 2, "2 of 2 pictures were encoded anew");
  EXPECT_FALSE(fs::exists(out));
  EXPECT_EQ(unpack("--allow-reencoded").exit_code, 0);
  const std::string stored = folder / "stored.png";
  ASSERT_EQ(on_set("show", "--sample 1 --image " + quoted(stored)).exit_code, 0);
  EXPECT_EQ(read_file(out + "/train/0/00000001.png"), read_file(stored));
  EXPECT_EQ(tree(out).size(), 2u);
}

TEST_F(UnpackCommandTest, WritesNoTwoPicturesUnderOnePath) {
  test::make_tiny_set(set,
                      {.samples = {{"val", 3}}, .num_shards = 1, .annotate = [](auto& columns) {
                         columns.path.clear();
                         columns.path_offset = {0};
                         for (const char* path : {"a/x.png", "a/y.png", "a/x.png"})
                           columns.add_path(path);
                       }});
  expect_refused(unpack(), 65,
                 "samples 0 and 2 of split 'val' are different pictures with one path, a/x.png. "
                 "Next: write each with intr-pack show");
  EXPECT_TRUE(tree(out).empty());
}

TEST_F(UnpackCommandTest, RefusesWrongUseAndDamage) {
  pack();
  expect_refused(on_set("unpack"), 2, "--out: must be given");
  expect_refused(unpack("--split vla"), 2, "did you mean 'val'?");
  expect_damage_is_refused("unpack", "--out " + quoted(out));
  expect_refused(on_set("unpack", "--out /proc/none"), 78, "/proc/none");
}

}  // namespace
}  // namespace intr
