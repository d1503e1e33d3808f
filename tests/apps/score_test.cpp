// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "attention/signed_file.h"
#include "intr/io/json_file.h"
#include "support/damage.h"
#include "support/programs.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class Score : public ::testing::Test {
 protected:
  Score() { test::write_synthetic_dump(dump(), {.num_samples = 12, .grids = {{5, 7}, {4, 4}}}); }
  std::string dump() const { return folder_ / "dump"; }
  std::string out(const std::string& name = "out") const { return folder_ / name; }
  test::ProgramResult maps(const std::string& options = {}, const std::string& to = "out") const {
    return test::run_program(test::program("score") + " maps " + test::quoted(dump()) + " --out " +
                             test::quoted(out(to)) + " " + options);
  }
  std::string boxes(const std::string& lines) const {
    write_file(folder_ / "boxes.csv", "path,x,y,width,height\n" + lines);
    return " --boxes " + test::quoted(folder_ / "boxes.csv");
  }
  std::string parts(const std::string& lines) const {
    write_file(folder_ / "parts.csv", "path,part,x,y,visible\n" + lines);
    return " --parts " + test::quoted(folder_ / "parts.csv");
  }
  void expect(const test::ProgramResult& result, int code, const std::string& words) const {
    EXPECT_EQ(result.exit_code, code) << result.errors;
    EXPECT_NE((result.output + result.errors).find(words), std::string::npos)
        << result.output << result.errors;
  }

  test::TempDir folder_;
};

TEST_F(Score, WritesTablesAndPrintsOne) {
  const std::string given =
      boxes("ant/picture 0.jpg,0,0,100,100\n") + parts("ant/picture 0.jpg,beak,20,20,1\n");
  expect(maps(given), 0, "normalized entropy");
  for (const char* name : {"samples.csv", "heads.csv", "classes.csv", "parts.csv", "summary.json"})
    EXPECT_TRUE(std::filesystem::exists(out() + "/" + name)) << name;
  expect(maps("--quiet"), 0, "");
  EXPECT_FALSE(std::filesystem::exists(out() + "/parts.csv"));  // not of this run
  const auto summary = read_json(out() + "/summary.json");
  EXPECT_EQ(summary["samples"], 12);
  EXPECT_EQ(summary["labeled"], 11);
  EXPECT_EQ(summary["options"]["replicates"], 2000);
}

TEST_F(Score, TellsOfSamplesWithoutMaps) {
  const std::string words = "1 of 12 samples have no maps of the true class";
  expect(maps("--quiet"), 0, words);
  EXPECT_NE(read_file(out() + "/report.html").find(words), std::string::npos);
  EXPECT_EQ(read_json(out() + "/summary.json")["without_maps"], 1);
  expect(maps("--quiet --query predicted"), 0, "");
  EXPECT_EQ(read_file(out() + "/report.html").find("have no maps"), std::string::npos);
  expect(maps("--sample 43"), 2, "these samples have no labels");
}

TEST_F(Score, TellsOfBoxesOutside) {
  expect(maps("--quiet " + boxes("ant/picture 0.jpg,0,0,9,9\nant/picture 3.jpg,9999,0,9,9\n")), 0,
         "1 boxes lie outside");
  EXPECT_EQ(read_json(out() + "/summary.json")["boxes_outside"], 1);
  EXPECT_NE(read_file(out() + "/report.html").find("1 boxes lie outside"), std::string::npos);
}

TEST_F(Score, LinksToAGalleryThatIsThere) {
  const auto links = [&](const std::string& address) {
    return read_file(out() + "/report.html").find("href=\"" + address) != std::string::npos;
  };
  expect(maps("--quiet --gallery ../pages/index.html"), 0, "no page is there");
  EXPECT_FALSE(links("../pages/index.html"));
  std::filesystem::create_directories(folder_ / "pages");
  write_file(folder_ / "pages/index.html", "");
  const test::ProgramResult found = maps("--quiet --gallery ../pages/index.html");
  EXPECT_EQ(found.errors.find("no gallery"), std::string::npos) << found.errors;
  EXPECT_TRUE(links("../pages/index.html"));
  expect(maps("--quiet --gallery https://host/a/index.html"), 0, "");
  EXPECT_TRUE(links("https://host/a/index.html"));
}

TEST_F(Score, TheSameBytesForAnyNumberOfThreads) {
  const std::string given = boxes("ant/picture 0.jpg,0,0,100,100\nbee/picture 1.jpg,5,5,50,50\n") +
                            parts("ant/picture 0.jpg,beak,20,20,1\nant/picture 3.jpg,tail,1,1,1\n");
  EXPECT_EQ(maps(given + " --threads 1", "one").exit_code, 0);
  EXPECT_EQ(maps(given + " --threads 4", "four").exit_code, 0);
  for (const char* name : {"samples.csv", "heads.csv", "classes.csv", "parts.csv", "summary.json"})
    EXPECT_EQ(read_file(out("one") + "/" + name), read_file(out("four") + "/" + name)) << name;
  EXPECT_EQ(maps(given + " --seed 1", "seed").exit_code, 0);
  EXPECT_EQ(read_file(out("one") + "/samples.csv"), read_file(out("seed") + "/samples.csv"));
  EXPECT_NE(read_file(out("one") + "/summary.json"), read_file(out("seed") + "/summary.json"));
}

TEST_F(Score, JsonGoesToStandardOutput) {
  const test::ProgramResult result = maps("--json --quiet --class ant");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(nlohmann::json::parse(result.output)["samples"], 4);
  EXPECT_EQ(result.output, read_file(out() + "/summary.json"));
  EXPECT_NE(read_file(out() + "/report.html").find("accuracy of the selection"), std::string::npos);
}

TEST_F(Score, BadInputIsRefusedWithItsCode) {
  expect(maps(boxes("ant/none.jpg,1,2,3,4\n")), 65, "is no picture of the dump");
  expect(maps(boxes("ant/picture 0.jpg,nan,2,3,4\n")), 65, "is no number");
  expect(maps(boxes("ant/picture 0.jpg,1,2,1e300,4\n")), 65, "is no number of pixels");
  expect(maps("--data " + test::quoted(folder_ / "nothing")), 65, "nothing");
  expect(maps("--query mine"), 2, "--query");
  expect(maps("--layer 7"), 2, "layer 7 is not in the dump");
  expect(maps("--mass 2"), 2, "--mass");
  expect(maps("--class wasp"), 2, "there is no class 'wasp'");
  expect(test::run_program(test::program("score") + " maps " + test::quoted(folder_ / "no") +
                           " --out x"),
         65, "no");
  expect(test::run_program(test::program("score") + " maps " + test::quoted(dump())), 2, "--out");
  expect(test::run_program(test::program("score") + " pictures"), 2, "unknown command");
  EXPECT_FALSE(std::filesystem::exists(out()));
}

TEST_F(Score, SignedMapsAreNotMeasured) {
  const std::string file = folder_ / "signed.h5";
  test::write_signed_file(file, MapReader::open(dump()));
  const test::ProgramResult result =
      test::run_program(test::program("score") + " maps " + test::quoted(file) + " --out " +
                        test::quoted(out()) + " --quiet");
  expect(result, 2, "signed.h5: holds signed maps, which are no shares of attention");
  expect(result, 2, "Next: give the dump to be measured");
  EXPECT_FALSE(std::filesystem::exists(out()));
}

TEST_F(Score, ADamagedDumpWritesNothing) {
  std::filesystem::remove(dump() + "/piece-00001.h5");
  expect(maps(), 65, "2 samples cannot be read; nothing was written");
  EXPECT_FALSE(std::filesystem::exists(out()));
}

TEST_F(Score, AFlippedByteIsFoundAndNamed) {
  const std::string piece = dump() + "/piece-00002.h5";
  const std::uint64_t size = std::filesystem::file_size(piece);
  int found = 0;
  for (const std::uint64_t part : {1U, 2U, 3U, 4U, 5U}) {
    test::flip_byte(piece, size * part / 6);
    const test::ProgramResult result = maps();
    test::flip_byte(piece, size * part / 6);
    if (result.exit_code == 0) continue;  // a byte that nothing is in
    EXPECT_EQ(result.exit_code, 65) << result.errors;
    EXPECT_NE(result.errors.find("sample"), std::string::npos) << result.errors;
    ++found;
  }
  EXPECT_GE(found, 1);
}

TEST_F(Score, AFolderThatCannotBeWritten) {
  write_file(folder_ / "file", "");
  expect(maps("", "file/below"), 78, "file/below");
  expect(maps("", "file"), 78, "file");
  // Known before anything is read: this dump could not be.
  std::filesystem::remove(dump() + "/piece-00001.h5");
  expect(maps("", "file/below"), 78, "file/below");
  std::filesystem::create_directories(out() + "/summary.json");
  expect(maps(), 78, "a folder where a file is needed");
}

TEST_F(Score, FilesOfOthersStay) {
  write_file(folder_ / "file", "");
  std::filesystem::create_directories(out() + "/plots");
  for (const char* name : {"/parts.csv", "/plots/heads-mine.svg"}) write_file(out() + name, "mine");
  expect(maps("--quiet"), 0, "");
  for (const char* name : {"/parts.csv", "/plots/heads-mine.svg"})
    EXPECT_EQ(read_file(out() + name), "mine");
  std::filesystem::remove_all(out() + "/plots");
  write_file(out() + "/plots", "a file where a folder is needed");
  expect(maps("--quiet"), 78, "plots");
}

TEST_F(Score, AStopDuringTheBootstrapWritesNothing) {
  test::write_synthetic_dump(folder_ / "large", {.num_samples = 800, .piece_samples = 800});
  const test::ProgramResult result = test::run_program(  // takes five seconds when it is left alone
      "timeout --preserve-status -s TERM 1 " + test::program("score") + " maps " +
      test::quoted(folder_ / "large") + " --out " + test::quoted(out()) + " --replicates 100000");
  expect(result, 75, "stopped by SIGTERM; nothing was written");
  EXPECT_FALSE(std::filesystem::exists(out() + "/summary.json"));
}

TEST_F(Score, HelpAndVersion) {
  expect(test::run_program(test::program("score") + " --help"), 0, "maps");
  expect(test::run_program(test::program("score") + " maps --help"), 0, "--replicates");
  expect(test::run_program(test::program("score") + " --version"), 0, "intr");
}

}  // namespace
}  // namespace intr
