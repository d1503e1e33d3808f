// SPDX-License-Identifier: Apache-2.0
// intr-score model as its users run it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "intr/attention/map_reader.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "support/model_file.h"
#include "support/programs.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

using test::on_ranks;
using test::program;
using test::ProgramResult;
using test::quoted;
using test::run_program;

void write_model(const std::string& path, std::uint64_t seed) {
  const std::vector<std::string> classes = test::TinySet().classes;
  test::write_model_file(path, test::tiny_model(std::ssize(classes)), classes, seed);
}

/// A data set, a model and its dump that all tests read.
const std::string& input_folder() {
  static const test::TempDir dir;
  static const bool made = [] {
    test::TinySet small;
    small.samples = {{"val", 6}};
    test::make_tiny_set(dir / "set", small);
    write_model(dir / "model.h5", 7);
    write_model(dir / "other.h5", 8);
    const ProgramResult result =
        run_program(program("attend") + " --model " + quoted(dir / "model.h5") + " --data " +
                    quoted(dir / "set") + " --out " + quoted(dir / "dump") +
                    " --threads 1 --device cpu --quiet");
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return true;
  }();
  static_cast<void>(made);
  return dir.path();
}

class ScoreModelTest : public testing::Test {
 protected:
  static std::string in(const std::string& name) { return quoted(input_folder() + "/" + name); }
  std::string at(const std::string& name) const { return quoted(dir_ / name); }
  /// Without curves, which take most passes, unless `more` says otherwise.
  std::string model(const std::string& name, const std::string& more = "",
                    const std::string& weights = "model.h5") const {
    return program("score") + " model " + in("dump") + " --model " + in(weights) + " --data " +
           in("set") + " --out " + at(name) +
           " --threads 1 --device cpu --replicates 50 --randomization-samples 2 " +
           (more.find("--measures") == std::string::npos ? "--measures heads,values,randomization "
                                                         : "") +
           more;
  }
  std::string maps(const std::string& name) const {
    return program("score") + " maps " + in("dump") + " --quiet --replicates 50 --out " + at(name);
  }
  static void expect(const ProgramResult& result, int code, const std::string& words) {
    EXPECT_EQ(result.exit_code, code) << result.output << result.errors;
    EXPECT_NE((result.output + result.errors).find(words), std::string::npos)
        << result.output << result.errors;
  }
  /// Every file of a folder but pieces, by name.
  std::map<std::string, std::string> tables(const std::string& name) const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_ / name))
      if (entry.is_regular_file())
        files[std::filesystem::relative(entry.path(), dir_ / name).string()] =
            read_file(entry.path().string());
    return files;
  }
  /// Compares file by file: texts are too long to be shown.
  void expect_same_tables(const std::string& name, const std::string& other) const {
    const auto left = tables(name), right = tables(other);
    EXPECT_EQ(left.size(), right.size());
    for (const auto& [file, text] : left) {
      const auto found = right.find(file);
      EXPECT_TRUE(found != right.end() && found->second == text) << name << ": " << file;
    }
  }

  test::TempDir dir_;
};

TEST_F(ScoreModelTest, TheSameFilesOnAnyNumberOfRanks) {
  const std::string all = "--measures curves,heads,values,randomization --samples 3 --write-maps ";
  expect(run_program(model("one", all + at("one.h5"))), 0, "effect of a head");
  for (const int ranks : {2, 4}) {
    const std::string name = fmt::format("on{}", ranks);
    expect(run_program(on_ranks(ranks) + model(name, all + at(name + ".h5"))), 0, "");
    expect_same_tables(name, "one");
    EXPECT_TRUE(read_file(dir_ / (name + ".h5")) == read_file(dir_ / "one.h5"));
  }
  for (const char* file : {"model.json", "model-samples.csv", "model-heads.csv", "curves.csv",
                           "randomization.csv", "report.html"})
    EXPECT_TRUE(std::filesystem::exists(dir_ / (std::string("one/") + file))) << file;
  const auto json = read_json(dir_ / "one/model.json");
  EXPECT_EQ(json["samples"], 3);
  EXPECT_EQ(json["forward_passes"], 3 * 153 + 2 * 10);
  EXPECT_TRUE(MapReader::open(dir_ / "one.h5").facts().is_signed);
}

TEST_F(ScoreModelTest, OneReportOfBothCommands) {
  expect(run_program(maps("a")), 0, "");
  expect(run_program(model("a", "--quiet")), 0, "");
  expect(run_program(model("b", "--quiet")), 0, "");
  expect(run_program(maps("b")), 0, "");
  const std::string report = read_file(dir_ / "a/report.html");
  EXPECT_NE(report.find("normalized entropy"), std::string::npos);
  EXPECT_NE(report.find("effect of a head"), std::string::npos);
  EXPECT_TRUE(report == read_file(dir_ / "b/report.html"));
}

// What a stopped run leaves: plan and some pieces.
TEST_F(ScoreModelTest, GoesOnWhereARunWasKilled) {
  expect(run_program(model("whole", "--quiet")), 0, "");
  std::filesystem::create_directories(dir_ / "killed");
  std::filesystem::copy(dir_ / "whole/model", dir_ / "killed/model");
  for (const char* piece : {"1", "4"})
    std::filesystem::remove(dir_ / (std::string("killed/model/piece-0000") + piece + ".json"));
  write_file(dir_ / "killed/model/piece-00002.json", "{\"format\":");
  expect(run_program(on_ranks(2) + model("killed")), 0, "computing piece 2 again");
  expect_same_tables("killed", "whole");
  expect(run_program(model("killed", "--ablate zero")), 2, "holds results of another run");
}

TEST_F(ScoreModelTest, AStopSignalLeavesThePiecesThatAreDone) {
  // The signal comes once the second piece is there, long before the end.
  const std::string work =
      model("out", "--measures curves,randomization") + " & score=$!; while [ ! -e " + at("out") +
      "/model/piece-00001.json ] && kill -0 $score; do sleep 0.02; done; kill -TERM $score; wait "
      "$score";
  expect(run_program(work), 75, "run the same command again");
  EXPECT_FALSE(std::filesystem::exists(dir_ / "out/model.json"));
  EXPECT_TRUE(std::filesystem::exists(dir_ / "out/model/piece-00000.json"));
}

TEST_F(ScoreModelTest, RefusesWhatTheDumpWasNotMadeFrom) {
  expect(run_program(model("out", "", "other.h5")), 65, "was made from another model");
  EXPECT_FALSE(std::filesystem::exists(dir_ / "out"));
}

TEST_F(ScoreModelTest, RefusesWrongUse) {
  expect(run_program(program("score") + " model " + in("dump")), 2, "--model");
  expect(run_program(model("out", "--measures heads,hats")), 2, "--measures");
  expect(run_program(model("out", "--map head:9 --measures curves")), 2, "head 9");
  expect(run_program(model("out", "--measures heads --write-maps " + at("m.h5"))), 2, "values");
  expect(run_program(model("out", "--write-maps " + at("no/m.h5"))), 78, "--write-maps");
  write_file(dir_ / "file", "");
  expect(run_program(model("file")), 78, "file");
  expect(run_program(model("out", "--dry-run")), 0, "6 of 6 samples, 26 forward passes");
  EXPECT_FALSE(std::filesystem::exists(dir_ / "out/model"));
}

}  // namespace
}  // namespace intr
