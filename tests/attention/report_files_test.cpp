// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "attention/made_up_model_summary.h"
#include "attention/made_up_summary.h"
#include "attention/markup_check.h"
#include "intr/attention/model_plots.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::count_of;

void write_maps(const std::string& path, const ScoreSummary& summary,
                const std::string& gallery = "") {
  ReportFolder folder(path, {});
  const std::vector<ScorePlot> plots = score_plots(summary);
  remove_other_plots(folder, ScoreCommand::kMaps, plots);
  write_report_files(folder, summary, plots, gallery);
  folder.finish();
}

void write_model(const std::string& path, const ModelSummary& summary,
                 const std::string& gallery = "") {
  ReportFolder folder(path, {});
  const std::vector<ScorePlot> plots = model_plots(summary);
  remove_other_plots(folder, ScoreCommand::kModel, plots);
  write_report_files(folder, summary, plots, gallery);
  folder.finish();
}

TEST(ReportFiles, LinksOfTheReportLeadToFiles) {
  const test::TempDir dir;
  write_maps(dir / "out", test::made_up_summary());
  write_model(dir / "out", test::made_up_model_summary());
  const std::string page = read_file(dir / "out/report.html");
  for (const char* name :
       {"plots/heads-box_mass.svg", "plots/contrast-margin.svg", "plots/calibration.svg",
        "plots/head-part.svg", "plots/model-deletion-margin.svg", "plots/model-head-effect.svg",
        "plots/model-randomization-cosine.svg"}) {
    EXPECT_NE(page.find("href=\"" + std::string(name) + "\""), std::string::npos) << name;
    EXPECT_NE(page.find(read_file(dir / ("out/" + std::string(name)))), std::string::npos) << name;
  }
}

TEST(ReportFiles, PlotsOfAnEarlierReportGo) {
  const test::TempDir dir;
  write_maps(dir / "out", test::made_up_summary());
  write_file(dir / "out/plots/mine.svg", "<svg/>");
  ScoreSummary summary = test::made_up_summary();
  summary.measures.clear();
  summary.part_shares = {};
  write_maps(dir / "out", summary);
  EXPECT_FALSE(fs::exists(dir / "out/plots/heads-box_mass.svg"));
  EXPECT_FALSE(fs::exists(dir / "out/plots/head-part.svg"));
  EXPECT_TRUE(fs::exists(dir / "out/plots/calibration.svg"));
  EXPECT_TRUE(fs::exists(dir / "out/plots/mine.svg"));
}

TEST(ReportFiles, PlotsOfTheOtherCommandStay) {
  const test::TempDir dir;
  write_maps(dir / "out", test::made_up_summary());
  ModelSummary model = test::made_up_model_summary();
  write_model(dir / "out", model);
  EXPECT_TRUE(fs::exists(dir / "out/plots/heads-box_mass.svg"));
  write_maps(dir / "out", test::made_up_summary());
  EXPECT_TRUE(fs::exists(dir / "out/plots/model-insertion-margin.svg"));
  model.curves.clear();
  write_model(dir / "out", model);
  EXPECT_FALSE(fs::exists(dir / "out/plots/model-insertion-margin.svg"));
  EXPECT_TRUE(fs::exists(dir / "out/plots/model-head-effect.svg"));
  EXPECT_TRUE(fs::exists(dir / "out/plots/calibration.svg"));
}

TEST(ReportFiles, EitherOrderIsTheSamePage) {
  const test::TempDir dir;
  write_maps(dir / "a", test::made_up_summary());
  write_model(dir / "a", test::made_up_model_summary());
  write_model(dir / "b", test::made_up_model_summary());
  write_maps(dir / "b", test::made_up_summary());
  const std::string page = read_file(dir / "a/report.html");
  EXPECT_EQ(page, read_file(dir / "b/report.html"));
  write_model(dir / "a", test::made_up_model_summary());
  write_maps(dir / "a", test::made_up_summary());
  EXPECT_EQ(page, read_file(dir / "a/report.html"));
}

TEST(ReportFiles, PartsOfAnotherDumpGo) {
  const test::TempDir dir;
  write_model(dir / "out", test::made_up_model_summary());
  ScoreSummary summary = test::made_up_summary();
  summary.content_id[0] = 'e';
  write_maps(dir / "out", summary);
  EXPECT_EQ(count_of(read_file(dir / "out/report.html"), "<article "), 1u);
  write_model(dir / "out", test::made_up_model_summary());
  const std::string page = read_file(dir / "out/report.html");
  EXPECT_EQ(count_of(page, "<article "), 1u);
  EXPECT_NE(page.find("<article id=\"model\">"), std::string::npos);
}

TEST(ReportFiles, BothPartsLinkToTheGallery) {
  const std::string gallery = "../gallery/index.html", link = "href=\"" + gallery + "\"";
  const test::TempDir dir;
  write_model(dir / "alone", test::made_up_model_summary(), gallery);
  EXPECT_EQ(count_of(read_file(dir / "alone/report.html"), link), 1u);
  write_maps(dir / "both", test::made_up_summary());
  write_model(dir / "both", test::made_up_model_summary(), gallery);
  EXPECT_EQ(count_of(read_file(dir / "both/report.html"), link), 1u);  // what was asked for
  write_maps(dir / "both", test::made_up_summary(), gallery);
  const std::string page = read_file(dir / "both/report.html");
  EXPECT_GE(count_of(page, link), 2u);
  write_model(dir / "both", test::made_up_model_summary(), gallery);
  EXPECT_EQ(page, read_file(dir / "both/report.html"));  // in either order
}

}  // namespace
}  // namespace intr
