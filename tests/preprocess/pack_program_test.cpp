// SPDX-License-Identifier: Apache-2.0
// intr-pack as a user runs it: exit codes, messages, what is left behind.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "intr/core/hash.h"
#include "intr/data/data_index.h"
#include "intr/data/manifest.h"
#include "intr/io/atomic_file.h"
#include "support/run_program.h"
#include "tiny_source.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;

class PackProgramTest : public testing::Test {
 protected:
  PackProgramTest() { test::make_tiny_source(root); }
  static ProgramResult run(const std::string& arguments) {
    return test::run_program(test::quoted(INTR_PACK_PROGRAM) + " " + arguments);
  }
  ProgramResult pack(const std::string& more = "") {
    return run("pack " + test::quoted(root) + " --out " + test::quoted(set) + " " + more);
  }
  void expect_refused(const ProgramResult& result, int code, const std::string& part) {
    EXPECT_EQ(result.exit_code, code) << result.errors;
    EXPECT_NE(result.errors.find(part), std::string::npos) << result.errors;
    EXPECT_FALSE(fs::exists(set + "/dataset.json"));
  }
  test::TempDir folder;
  std::string root = folder / "my source";
  std::string set = folder / "my set";
};

TEST_F(PackProgramTest, PacksListsAndVerifies) {
  const ProgramResult packed = pack();
  EXPECT_EQ(packed.exit_code, 0) << packed.errors;
  EXPECT_NE(packed.errors.find("intr-train --data"), std::string::npos) << packed.errors;
  const ProgramResult listed = run("ls " + test::quoted(set) + " --split val");
  EXPECT_EQ(listed.output,
            "val\t0\t0\ta\ta/0.jpg\nval\t1\t0\ta\ta/1.png\nval\t2\t1\tb\tb/0.jpg\n"
            "val\t3\t1\tb\tb/1.png\n");
  const ProgramResult one =
      run("ls " + test::quoted(set) + " --split train --class b --long --json");
  const auto sample = nlohmann::json::parse(one.output.substr(0, one.output.find('\n')));
  EXPECT_EQ(sample["path"], "b/0.jpg");
  EXPECT_EQ(sample["width"], 32);
  EXPECT_EQ(sample["codec"], "jpeg");
  for (const char* level : {"quick", "hash", "decode"}) {
    const ProgramResult verified =
        run("verify " + test::quoted(set) + " --json --level " + std::string(level));
    EXPECT_EQ(verified.exit_code, 0) << verified.errors;
    EXPECT_EQ(nlohmann::json::parse(verified.output)["samples"], 10);
  }
  const ProgramResult again = pack();
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_NE(again.errors.find("nothing to do"), std::string::npos);
}

TEST_F(PackProgramTest, SaysItsSummaryAsJson) {
  const ProgramResult planned = pack("--dry-run --json --quiet");
  EXPECT_EQ(planned.exit_code, 0) << planned.errors;
  EXPECT_EQ(nlohmann::json::parse(planned.output)["shards"].size(), 2u);
  EXPECT_FALSE(fs::exists(set));
  const ProgramResult packed = pack("--json --quiet");
  EXPECT_EQ(nlohmann::json::parse(packed.output)["splits"]["train"]["samples"], 6);
  EXPECT_EQ(packed.errors, "");
}

TEST_F(PackProgramTest, WrongUseIsTwo) {
  expect_refused(pack("--tread 3"), 2, "did you mean --threads?");
  expect_refused(pack("--check hard"), 2, "none of: decode, header");
  expect_refused(pack("--shard-size 1MiB"), 2, "not within 64MiB to 8GiB");
  expect_refused(pack("--splits train,../x"), 2, "no split name");
  expect_refused(pack("--limit test=3"), 2, "no split 'test'");
  expect_refused(pack("--skip-hidden --keep-hidden"), 2, "exclude each other");
  expect_refused(run("pack"), 2, "SOURCE expected");
  expect_refused(run("pack " + test::quoted(root)), 2, "--out");
  expect_refused(run("pakc"), 2, "did you mean 'pack'?");
  expect_refused(run(""), 2, "a command is missing");
  EXPECT_EQ(run("--help").exit_code, 0);
  EXPECT_NE(run("pack --help").output.find("--shard-size"), std::string::npos);
  EXPECT_EQ(run("--version").exit_code, 0);
}

TEST_F(PackProgramTest, OptionsThatChangeBytes) {
  expect_refused(pack("--store png"), 2, "give --max-side");
  expect_refused(pack("--max-side 16 --store png --quality 90"), 2, "PNG has no quality");
  expect_refused(pack("--transcode jpeg=png"), 2, "cannot be rewritten");
  expect_refused(pack("--max-pixels 100"), 65, "bad picture train/a/0.jpg: ");
  expect_refused(pack("--max-file 100"), 65, "--max-file");
  EXPECT_EQ(nlohmann::json::parse(read_file(set + "/pack-report.json"))["bad"].size(), 10u);
  expect_refused(pack("--max-side 16"), 2, "--restart");
  const ProgramResult packed = pack("--max-side 16 --exif apply --gray16 scale --restart");
  EXPECT_EQ(packed.exit_code, 0) << packed.errors;
  EXPECT_NE(packed.errors.find("training enlarges them again"), std::string::npos);
  const Manifest manifest = Manifest::read(set);
  EXPECT_EQ(manifest.exif, "apply");
  EXPECT_EQ(manifest.gray16, "scale");
  EXPECT_EQ(manifest.options["max_side"], 16);
  const DataIndex index = DataIndex::open(set, "train");
  EXPECT_EQ(index.image_size(0).width, 16);
  EXPECT_EQ(index.image_size(0).height, 12);
  EXPECT_NE(index.flags(1) & kReencoded, 0u);
  EXPECT_EQ(index.codec(1), static_cast<std::uint8_t>(Codec::kJpeg)) << "it was a PNG";
  EXPECT_EQ(index.columns().source_hash[1], xxh3_64(read_file(root + "/train/a/1.png")));
  EXPECT_EQ(run("verify --level decode " + test::quoted(set)).exit_code, 0);
}

TEST_F(PackProgramTest, OneRankCommandsRefuseALauncher) {
  const ProgramResult result =
      test::run_program("OMPI_COMM_WORLD_SIZE=3 " + test::quoted(INTR_PACK_PROGRAM) + " ls x");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("3 were started"), std::string::npos) << result.errors;
}

TEST_F(PackProgramTest, BadInputIsSixtyFive) {
  expect_refused(run("pack " + test::quoted(folder / "none") + " --out " + test::quoted(set)), 65,
                 "none: no such folder");
  fs::create_directory(root + "/train/c");
  fs::create_directory(root + "/val/c");
  expect_refused(pack(), 65, "classes without pictures in split 'train': c");
  fs::remove(root + "/train/c");
  expect_refused(pack(), 65, "Only in val: c. train has: a, b. val has: a, b, c");
  fs::remove(root + "/val/c");
  const std::string whole = test::jpeg(5);
  test::put(root + "/val/a/cut.jpg", whole.substr(0, whole.size() / 2));
  expect_refused(pack(), 65, "bad picture val/a/cut.jpg: ");
}

TEST_F(PackProgramTest, ChoosesPictures) {
  test::put(folder / "names", "birds\nbats\n");
  EXPECT_EQ(pack("--limit train=4").exit_code, 0);
  EXPECT_EQ(DataIndex::open(set, "train").size(), 4);
  EXPECT_EQ(DataIndex::open(set, "val").size(), 4);
}

TEST_F(PackProgramTest, VerifyNamesAFlippedByteAndGoesOn) {
  ASSERT_EQ(pack().exit_code, 0);
  const DataIndex index = DataIndex::open(set, "train");
  const auto& shard = index.shards()[0];
  test::flip_byte(set + "/" + shard.file, shard.data_begin + index.begin(2));
  test::flip_byte(set + "/" + shard.file, shard.data_begin + index.begin(5));
  const ProgramResult result = run("verify " + test::quoted(set) + " --json");
  EXPECT_EQ(result.exit_code, 65);
  const auto damages = nlohmann::json::parse(result.output)["damages"];
  ASSERT_EQ(damages.size(), 2u) << result.output;
  EXPECT_EQ(damages[0]["file"], shard.file);
  EXPECT_EQ(damages[0]["sample"], 2);
  EXPECT_EQ(damages[0]["path"], "a/2.jpg");
  EXPECT_EQ(damages[0]["begin"], shard.data_begin + index.begin(2));
  EXPECT_EQ(damages[0]["end"], shard.data_begin + index.begin(2) + index.length(2));
  EXPECT_EQ(damages[1]["sample"], 5);
  EXPECT_EQ(run("verify --level quick " + test::quoted(set)).exit_code, 0) << "structure is intact";
}

TEST_F(PackProgramTest, VerifyNamesWhatACutShardLost) {
  ASSERT_EQ(pack().exit_code, 0);
  const DataIndex index = DataIndex::open(set, "train");
  const auto& shard = index.shards()[0];
  fs::resize_file(set + "/" + shard.file, shard.data_begin + index.begin(4) + 1);
  for (const char* level : {"quick", "hash", "decode"}) {
    const ProgramResult result =
        run("verify " + test::quoted(set) + " --level " + std::string(level));
    EXPECT_EQ(result.exit_code, 65);
    EXPECT_NE(result.errors.find("ends at byte"), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find("sample 4 (b/1.png), bytes "), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find("sample 5 (b/2.jpg), bytes "), std::string::npos) << result.errors;
    EXPECT_EQ(result.errors.find("sample 3 "), std::string::npos) << result.errors;
  }
  fs::remove(set + "/" + shard.file);
  const ProgramResult missing = run("verify " + test::quoted(set));
  EXPECT_EQ(missing.exit_code, 65);
  EXPECT_NE(missing.errors.find(shard.file), std::string::npos) << missing.errors;
}

TEST_F(PackProgramTest, VerifyNoticesBytesOutsideOfPictures) {
  ASSERT_EQ(pack().exit_code, 0);
  const DataIndex index = DataIndex::open(set, "val");
  const std::string shard = set + "/" + index.shards()[0].file;
  test::flip_byte(shard, fs::file_size(shard) - 1);
  EXPECT_EQ(run("verify " + test::quoted(set)).exit_code, 65);
}

TEST_F(PackProgramTest, VerifyNoticesAnIndexOfAnotherSet) {
  ASSERT_EQ(pack().exit_code, 0);
  test::flip_byte(set + "/val.index.h5", fs::file_size(set + "/val.index.h5") - 20);
  const ProgramResult result = run("verify " + test::quoted(set));
  EXPECT_EQ(result.exit_code, 65);
  EXPECT_NE(result.errors.find("val.index.h5"), std::string::npos) << result.errors;
  EXPECT_EQ(run("ls " + test::quoted(set)).exit_code, 65);
  EXPECT_EQ(run("ls " + test::quoted(set) + " --split train").exit_code, 0);
  EXPECT_EQ(run("ls " + test::quoted(set) + " --split test").exit_code, 2);
  EXPECT_EQ(run("ls " + test::quoted(set) + " --class z").exit_code, 2);
}

TEST_F(PackProgramTest, AStopSignalIsSeventyFiveAndTheSameCommandGoesOn) {
  const std::string command = test::quoted(INTR_PACK_PROGRAM) + " pack " + test::quoted(root) +
                              " --out " + test::quoted(set);
  for (int i = 0; i < 500; ++i)
    fs::create_hard_link(root + "/train/a/0.jpg", root + "/train/a/x" + std::to_string(i) + ".jpg");
  // A blocked signal stays pending across exec: it is there before the first shard, which needs far
  // less than 20 s and is finished.
  const ProgramResult killed =
      test::run_program("env --block-signal=USR2 sh -c 'kill -USR2 $$; exec \"$@\"' sh " + command);
  EXPECT_EQ(killed.exit_code, 75) << killed.errors;
  EXPECT_NE(killed.errors.find("run the same command again"), std::string::npos) << killed.errors;
  EXPECT_FALSE(fs::exists(set + "/dataset.json"));
  EXPECT_EQ(test::run_program(command).exit_code, 0);
  EXPECT_EQ(DataIndex::open(set, "train").size(), 506);
}

}  // namespace
}  // namespace intr
