// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "attention/made_up_summary.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

void write_all(const std::string& folder, const ScoreSummary& summary) {
  OutputTree tree(folder);
  const std::vector<ScorePlot> plots = score_plots(summary);
  remove_other_plots(folder, plots);
  write_report_files(tree, summary, plots, "");
  tree.finish();
}

TEST(ReportFiles, LinksOfTheReportLeadToFiles) {
  const test::TempDir dir;
  write_all(dir / "out", test::made_up_summary());
  const std::string page = read_file(dir / "out/report.html");
  for (const char* name : {"plots/heads-box_mass.svg", "plots/contrast-margin.svg",
                           "plots/calibration.svg", "plots/head-part.svg"}) {
    EXPECT_NE(page.find("href=\"" + std::string(name) + "\""), std::string::npos) << name;
    EXPECT_NE(page.find(read_file(dir / ("out/" + std::string(name)))), std::string::npos) << name;
  }
}

TEST(ReportFiles, PlotsOfAnEarlierReportGo) {
  const test::TempDir dir;
  write_all(dir / "out", test::made_up_summary());
  write_file(dir / "out/plots/mine.svg", "<svg/>");
  ScoreSummary summary = test::made_up_summary();
  summary.measures.clear();
  summary.part_shares = {};
  write_all(dir / "out", summary);
  namespace fs = std::filesystem;
  EXPECT_FALSE(fs::exists(dir / "out/plots/heads-box_mass.svg"));
  EXPECT_FALSE(fs::exists(dir / "out/plots/head-part.svg"));
  EXPECT_TRUE(fs::exists(dir / "out/plots/calibration.svg"));
  EXPECT_TRUE(fs::exists(dir / "out/plots/mine.svg"));
}

}  // namespace
}  // namespace intr
