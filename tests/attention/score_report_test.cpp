// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_report.h"

#include <gtest/gtest.h>

#include "attention/made_up_summary.h"
#include "attention/markup_check.h"
#include "intr/attention/score_summary.h"

namespace intr {
namespace {

using test::count_of;

std::string report_of(const ScoreSummary& summary, const ReportLinks& links = {}) {
  return score_sections(summary, score_plots(summary), links);
}

TEST(ScoreReport, ShowsEverythingInASummary) {
  const std::string page = report_of(test::made_up_summary());
  EXPECT_EQ(test::MarkupCheck::fault(page), "");
  EXPECT_EQ(page, report_of(test::made_up_summary()));
  EXPECT_EQ(count_of(page, "<svg "), 4u);
  EXPECT_EQ(count_of(page, "<h3>"), 7u);
  for (const char* text :
       {"60.0 %", "decoder layer 5", "the true class", "<dd>2, 7 of 8</dd>", "boxes and parts",
        "can lie beside the mean", "expected calibration error", "id=\"about-box_mass\""})
    EXPECT_NE(page.find(text), std::string::npos) << text;
  EXPECT_EQ(page.find("nan"), std::string::npos);
}

TEST(ScoreReport, NamesTheFilesBesideIt) {
  const ReportLinks links{.gallery = "../gallery/index.html"};
  const std::string page = report_of(test::made_up_summary(), links);
  for (const char* file : {"samples.csv", "heads.csv", "classes.csv", "summary.json",
                           "../gallery/index.html", "plots/head-part.svg"})
    EXPECT_NE(page.find("href=\"" + std::string(file) + "\""), std::string::npos) << file;
  EXPECT_NE(page.find("parts.csv"), std::string::npos);
  ScoreSummary summary = test::made_up_summary();
  summary.has_parts = false;
  EXPECT_EQ(report_of(summary).find("parts.csv"), std::string::npos);
  const std::string bare = report_of(test::made_up_summary());
  EXPECT_EQ(bare.find("gallery"), std::string::npos);
}

TEST(ScoreReport, SaysWhichSamplesAndOptions) {
  ScoreSummary summary = test::made_up_summary();
  std::string page = report_of(summary);
  EXPECT_EQ(page.find("class=\"warning\""), std::string::npos);
  EXPECT_NE(page.find("all that the dump holds"), std::string::npos);
  EXPECT_NE(page.find("<span>accuracy, 3 of 5"), std::string::npos);
  summary.complete = false;
  summary.samples_in_dump = 384;
  summary.samples_planned = 400;
  summary.selection = "--class <wren>";
  summary.geometry = "stretch";
  summary.mass = 0.8;
  summary.replicates = 2000;
  summary.seed = 17;
  page = report_of(summary);
  for (const char* text : {"384 of 400 samples: the dump is not complete",
                           "accuracy of the selection, 3 of 5", "<code>--class &lt;wren&gt;</code>",
                           "stretch geometry, mass 0.8, 2,000 replicates, seed 17"})
    EXPECT_NE(page.find(text), std::string::npos) << text;
  EXPECT_EQ(test::MarkupCheck::fault(page), "");
}

TEST(ScoreReport, SummaryFindsItsMeasures) {
  const ScoreSummary summary = test::made_up_summary();
  EXPECT_EQ(summary.find("box_mass"), &summary.measures[0]);
  EXPECT_EQ(summary.find("other"), nullptr);
}

TEST(ScoreReport, IsWholeWithoutResults) {
  const std::string page = report_of({});
  EXPECT_EQ(test::MarkupCheck::fault(page), "");
  EXPECT_EQ(count_of(page, "<h3>"), 1u);  // files
  EXPECT_EQ(page.find("<table"), std::string::npos);
}

}  // namespace
}  // namespace intr
