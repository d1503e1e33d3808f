// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_plots.h"

#include <gtest/gtest.h>

#include <string>

#include "attention/made_up_model_summary.h"
#include "attention/markup_check.h"

namespace intr {
namespace {

using test::count_of;

std::vector<std::string> names_of(const std::vector<ScorePlot>& plots) {
  std::vector<std::string> names;
  for (const ScorePlot& plot : plots) names.push_back(plot.name);
  return names;
}

/// The picture of that name; empty if there is none.
std::string svg_of(const ModelSummary& summary, const std::string& name) {
  for (const ScorePlot& plot : model_plots(summary))
    if (plot.name == "plots/model-" + name + ".svg") return plot.svg;
  return {};
}

TEST(ModelPlots, ShowEverythingThatIsThere) {
  const ModelSummary summary = test::made_up_model_summary();
  const std::vector<ScorePlot> plots = model_plots(summary), again = model_plots(summary);
  EXPECT_EQ(names_of(plots),
            (std::vector<std::string>{
                "plots/model-deletion-margin-normalized.svg", "plots/model-deletion-margin.svg",
                "plots/model-deletion-probability.svg",
                "plots/model-insertion-margin-normalized.svg", "plots/model-insertion-margin.svg",
                "plots/model-insertion-probability.svg", "plots/model-head-effect.svg",
                "plots/model-heads-kept.svg", "plots/model-randomization-rank-correlation.svg",
                "plots/model-randomization-cosine.svg", "plots/model-randomization-box-mass.svg"}));
  for (std::size_t at = 0; at < plots.size(); ++at) {
    EXPECT_EQ(test::MarkupCheck::fault(plots[at].svg), "") << plots[at].name;
    EXPECT_EQ(plots[at].svg.find("nan"), std::string::npos) << plots[at].name;
    EXPECT_EQ(plots[at].svg, again[at].svg);
  }
}

TEST(ModelPlots, CurvesHaveBandsAndBaselines) {
  const std::string svg = svg_of(test::made_up_model_summary(), "deletion-margin-normalized");
  EXPECT_EQ(count_of(svg, "fill-opacity"), 3u);
  EXPECT_EQ(count_of(svg, "stroke-linejoin"), 3u);
  EXPECT_EQ(count_of(svg, "stroke-dasharray"), 4u);  // two baselines, in the plot and its legend
  for (const char* text : {">map<", ">random<", ">center prior<", "share of cells blanked",
                           "0 blank, 1 whole", "picture", "map 0.250", "random 0.500"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
}

TEST(ModelPlots, EachCurveShowsItsOwnQuantity) {
  ModelSummary summary = test::made_up_model_summary();
  for (CurveSummary& curve : summary.curves)
    for (CurvePoint& point : curve.points) point.margin = {};
  EXPECT_EQ(svg_of(summary, "deletion-margin"), "");
  EXPECT_EQ(svg_of(summary, "insertion-margin"), "");
  EXPECT_NE(svg_of(summary, "deletion-probability"), "");
  // Probabilities reach from -0.325 to 0.925 with their bands; margins would need larger numbers.
  EXPECT_EQ(svg_of(summary, "deletion-probability").find(">8<"), std::string::npos);
  EXPECT_NE(svg_of(test::made_up_model_summary(), "deletion-margin").find(">8<"),
            std::string::npos);
}

TEST(ModelPlots, KindsAreNotMixed) {
  ModelSummary summary = test::made_up_model_summary();
  summary.curves = {test::made_up_curve("insertion", "map", 0, 4)};
  EXPECT_EQ(svg_of(summary, "deletion-margin"), "");
  EXPECT_EQ(count_of(svg_of(summary, "insertion-margin"), "fill-opacity"), 1u);
  EXPECT_NE(svg_of(summary, "insertion-margin").find("share of cells given back"),
            std::string::npos);
}

TEST(ModelPlots, HeadsHaveTheirNumbersAndTheirSum) {
  const std::string effect = svg_of(test::made_up_model_summary(), "head-effect");
  EXPECT_NE(effect.find("<title>2: 2.000 (1.875 to 2.125)</title>"), std::string::npos);
  EXPECT_NE(effect.find("<title>all: 3.000"), std::string::npos);
  const std::string kept = svg_of(test::made_up_model_summary(), "heads-kept");
  EXPECT_NE(kept.find("<title>7: 0.625"), std::string::npos);
  EXPECT_EQ(kept.find("<title>all"), std::string::npos);
}

TEST(ModelPlots, StagesAreComparedWithMapsThatSayNothing) {
  const ModelSummary summary = test::made_up_model_summary();
  const std::string correlation = svg_of(summary, "randomization-rank-correlation");
  EXPECT_NE(correlation.find("<title>presence &lt;vector&gt;: 1.000"), std::string::npos);
  EXPECT_NE(correlation.find("<title>decoder layer 5: 0.250 (0.125 to 0.375)"), std::string::npos);
  EXPECT_NE(correlation.find("unrelated maps 0.000"), std::string::npos);
  EXPECT_NE(svg_of(summary, "randomization-cosine").find("uniform map 0.375"), std::string::npos);
  const std::string mass = svg_of(summary, "randomization-box-mass");
  EXPECT_NE(mass.find("uniform map 0.625"), std::string::npos);
  EXPECT_NE(mass.find("1 missing value left out."), std::string::npos);
}

TEST(ModelPlots, WhatHasNoValuesIsLeftOut) {
  ModelSummary summary = test::made_up_model_summary();
  for (RandomizationStage& stage : summary.randomization) stage.box_mass = {};
  summary.measures.erase(summary.measures.begin() + 1);
  summary.uniform_cosine = {};
  EXPECT_EQ(svg_of(summary, "randomization-box-mass"), "");
  EXPECT_EQ(svg_of(summary, "head-effect"), "");
  EXPECT_EQ(svg_of(summary, "randomization-cosine").find("uniform map"), std::string::npos);
  EXPECT_TRUE(model_plots({}).empty());
}

}  // namespace
}  // namespace intr
