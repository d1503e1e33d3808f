// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_sections.h"

#include <gtest/gtest.h>

#include <array>

#include "attention/made_up_summary.h"
#include "attention/markup_check.h"
#include "intr/attention/measure_note.h"

namespace intr {
namespace {

using test::count_of;
using Kind = ScorePlot::Kind;

TEST(ReportSections, NothingHasNoTitle) {
  EXPECT_EQ(section("Title", "words", ""), "");
  EXPECT_EQ(count_of(section("Title", "", "<p>x</p>"), "<p"), 1u);
  EXPECT_EQ(test::MarkupCheck::fault(section("Title", "words", "<p>x</p>")), "");
}

TEST(ReportSections, DataAreEscapedAsCode) {
  EXPECT_EQ(code("<a> & b"), "<code>&lt;a&gt; &amp; b</code>");
}

TEST(ReportSections, FiguresAreThoseOfTheirKinds) {
  const std::array<ScorePlot, 3> plots = {ScorePlot{Kind::kHeads, "plots/a.svg", "<svg></svg>\n"},
                                          ScorePlot{Kind::kParts, "plots/b.svg", "<svg></svg>\n"},
                                          ScorePlot{Kind::kHeads, "plots/<c>", "<svg></svg>\n"}};
  const std::string html = figures(plots, {Kind::kHeads});
  EXPECT_EQ(test::MarkupCheck::fault(html), "");
  EXPECT_EQ(count_of(html, "<svg>"), 2u);
  EXPECT_NE(html.find("<a href=\"plots/a.svg\">a.svg</a>"), std::string::npos);
  EXPECT_NE(html.find("<a href=\"plots/%3Cc%3E\">&lt;c&gt;</a>"), std::string::npos);
  EXPECT_EQ(count_of(figures(plots, {Kind::kParts, Kind::kHeads}), "<figure>"), 3u);
  EXPECT_EQ(figures(plots, {Kind::kContrast}), "");
}

TEST(ReportSections, MeasuresAndBaselinesAreExplainedOnce) {
  std::vector<MeasureSummary> measures = test::made_up_summary().measures;
  measures.push_back(measures[0]);
  measures.back().id = "pointing_0";
  const std::string html = about_measures(measures, baseline_note);
  EXPECT_EQ(test::MarkupCheck::fault(html), "");
  EXPECT_EQ(count_of(html, "<dt id="), 2u);  // the third one has no values
  EXPECT_EQ(count_of(html, "baseline: uniform"), 1u);
  EXPECT_EQ(about_measures(measures, order_note).find("baseline:"), std::string::npos);
  EXPECT_EQ(about_measures({}, baseline_note), "");
}

TEST(ReportSections, FilesAreLinked) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 1> kFiles = {
      {{"a.csv", "a line a sample"}}};
  EXPECT_NE(file_list(kFiles, {}).find("<a href=\"a.csv\">a.csv</a>: a line a sample"),
            std::string::npos);
  EXPECT_EQ(file_list(kFiles, {}).find("gallery"), std::string::npos);
  EXPECT_NE(file_list(kFiles, {.gallery = "../my gallery/index.html"})
                .find("<a href=\"../my%20gallery/index.html\">gallery</a>"),
            std::string::npos);
}

}  // namespace
}  // namespace intr
