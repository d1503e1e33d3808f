// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "attention/made_up_model_summary.h"
#include "attention/score_tables.h"
#include "intr/attention/score_folder.h"
#include "intr/attention/score_summarizer.h"
#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

const std::string kJson = R"({"format": "intr-model-scores"})";

ModelFiles all_files() { return {"samples", "heads", "curves", "randomization", kJson}; }

TEST(ModelFolder, HoldsEveryFile) {
  const test::TempDir dir;
  ModelFolder(dir / "out").write(all_files(), test::made_up_model_summary(), "");
  EXPECT_EQ(read_file(dir / "out/model-samples.csv"), "samples");
  EXPECT_EQ(read_file(dir / "out/model-heads.csv"), "heads");
  EXPECT_EQ(read_file(dir / "out/curves.csv"), "curves");
  EXPECT_EQ(read_file(dir / "out/randomization.csv"), "randomization");
  EXPECT_EQ(read_file(dir / "out/model.json"), kJson);
  EXPECT_TRUE(fs::exists(dir / "out/plots/model-deletion-margin.svg"));
  const std::string page = read_file(dir / "out/report.html");
  for (const char* name :
       {"model-samples.csv", "model-heads.csv", "curves.csv", "randomization.csv", "model.json"})
    EXPECT_NE(page.find("href=\"" + std::string(name) + "\""), std::string::npos) << name;
}

TEST(ModelFolder, FilesOfAnEarlierRunGo) {
  const test::TempDir dir;
  ModelFolder(dir / "out").write(all_files(), test::made_up_model_summary(), "");
  ModelFiles files = all_files();
  files.curves_csv = files.heads_csv = "";
  ModelSummary summary = test::made_up_model_summary();
  summary.curves.clear();
  ModelFolder(dir / "out").write(files, summary, "");
  for (const char* name : {"curves.csv", "model-heads.csv", "plots/model-deletion-margin.svg"})
    EXPECT_FALSE(fs::exists(dir / ("out/" + std::string(name)))) << name;
  EXPECT_TRUE(fs::exists(dir / "out/randomization.csv"));
  EXPECT_TRUE(fs::exists(dir / "out/plots/model-head-effect.svg"));
}

TEST(ModelFolder, FilesOfOthersStay) {
  const test::TempDir dir;
  fs::create_directories(dir / "out/plots");
  write_file(dir / "out/curves.csv", "mine");
  write_file(dir / "out/plots/model-airplane.svg", "mine");
  ModelFolder(dir / "out").write({"", "", "", "", "[]"}, test::made_up_model_summary(), "");
  EXPECT_EQ(read_file(dir / "out/curves.csv"), "mine");
  EXPECT_EQ(read_file(dir / "out/plots/model-airplane.svg"), "mine");
}

TEST(ModelFolder, LivesBesideTheMaps) {
  const test::TempDir dir;
  const ScoreTable table = test::made_table(2);
  const ScoreSummary maps = summarize(table, {.replicates = 0}, "", 1);
  ModelSummary model = test::made_up_model_summary();
  model.content_id = maps.content_id;
  const auto write_maps = [&] {
    ScoreFolder(dir / "out").write(table, maps, R"({"format": "intr-scores"})", "");
  };
  const auto is_whole = [&] {
    const std::string page = read_file(dir / "out/report.html");
    return page.find("<article id=\"maps\">") != std::string::npos &&
           page.find("<article id=\"model\">") != std::string::npos &&
           fs::exists(dir / "out/summary.json") && fs::exists(dir / "out/model.json") &&
           fs::exists(dir / "out/samples.csv") && fs::exists(dir / "out/curves.csv");
  };
  write_maps();
  ModelFolder(dir / "out").write(all_files(), model, "");
  EXPECT_TRUE(is_whole());
  write_maps();
  EXPECT_TRUE(is_whole());
}

TEST(ModelFolder, RefusesWhatIsInTheWay) {
  const test::TempDir dir;
  write_file(dir / "file", "");
  EXPECT_THROW(ModelFolder(dir / "file"), EnvironmentError);
  for (const char* name : {"model-heads.csv", "model.json", "report.html"}) {
    const std::string out = dir / ("out-" + std::string(name));
    fs::create_directories(out + "/" + name);
    EXPECT_THROW(ModelFolder{out}, EnvironmentError) << name;
  }
  fs::create_directories(dir / "maps/heads.csv");  // of the other command
  EXPECT_NO_THROW(ModelFolder(dir / "maps"));
}

}  // namespace
}  // namespace intr
