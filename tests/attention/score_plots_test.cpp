// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_plots.h"

#include <gtest/gtest.h>

#include "attention/made_up_summary.h"
#include "attention/markup_check.h"

namespace intr {
namespace {

std::vector<std::string> names_of(const std::vector<ScorePlot>& plots) {
  std::vector<std::string> names;
  for (const ScorePlot& plot : plots) names.push_back(plot.name);
  return names;
}

TEST(ScorePlots, ShowEverythingThatIsThere) {
  const ScoreSummary summary = test::made_up_summary();
  const std::vector<ScorePlot> plots = score_plots(summary), again = score_plots(summary);
  EXPECT_EQ(names_of(plots),
            (std::vector<std::string>{"plots/heads-box_mass.svg", "plots/contrast-margin.svg",
                                      "plots/calibration.svg", "plots/head-part.svg"}));
  for (std::size_t at = 0; at < plots.size(); ++at) {
    EXPECT_EQ(test::MarkupCheck::fault(plots[at].svg), "") << plots[at].name;
    EXPECT_EQ(plots[at].svg.find("nan"), std::string::npos) << plots[at].name;
    EXPECT_EQ(plots[at].svg, again[at].svg);
  }
}

TEST(ScorePlots, HeadsHaveTheirNumbersOfTheModel) {
  const std::string svg = score_plots(test::made_up_summary())[0].svg;
  EXPECT_NE(svg.find("<title>2: 0.600 (0.500 to 0.700)</title>"), std::string::npos);
  EXPECT_NE(svg.find("<title>all: 0.700"), std::string::npos);
  EXPECT_NE(svg.find("uniform 0.300"), std::string::npos);
  EXPECT_NE(svg.find("1 missing value left out."), std::string::npos);
}

TEST(ScorePlots, RatiosAreComparedWithOne) {
  ScoreSummary summary = test::made_up_summary();
  summary.measures[0].unit = "x chance";
  const std::string svg = score_plots(summary)[0].svg;
  EXPECT_NE(svg.find(">× chance<"), std::string::npos);
  EXPECT_NE(svg.find(">chance 1.000<"), std::string::npos);
}

TEST(ScorePlots, BaselinesOfAllHeadsTogetherAreNotThoseOfOne) {
  ScoreSummary summary = test::made_up_summary();
  summary.measures[0].id = "part_coverage";
  EXPECT_EQ(score_plots(summary)[0].svg.find("uniform"), std::string::npos);
}

TEST(ScorePlots, PartsAreRowsAndHeadsColumns) {
  const std::string svg = score_plots(test::made_up_summary())[3].svg;
  for (const char* cell : {"beak, 2: 0.250", "beak, 7: 1.000", "t&lt;ai&gt;l, 2: 0.750"})
    EXPECT_NE(svg.find(cell), std::string::npos) << cell;
}

TEST(ScorePlots, SamplesAreSortedByVerdict) {
  const std::string svg = score_plots(test::made_up_summary())[1].svg;
  for (const char* name : {">right<", ">wrong<", ">no label<"})
    EXPECT_NE(svg.find(name), std::string::npos) << name;
}

TEST(ScorePlots, NothingComesOfNothing) { EXPECT_TRUE(score_plots({}).empty()); }

}  // namespace
}  // namespace intr
