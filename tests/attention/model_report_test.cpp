// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_report.h"

#include <gtest/gtest.h>

#include "attention/made_up_model_summary.h"
#include "attention/markup_check.h"
#include "intr/attention/model_plots.h"
#include "intr/attention/model_summary.h"

namespace intr {
namespace {

using test::count_of;

std::string part_of(const ModelSummary& summary, const ReportLinks& links = {}) {
  return model_sections(summary, model_plots(summary), links);
}

TEST(ModelReport, ShowsEverythingInASummary) {
  const std::string html = part_of(test::made_up_model_summary());
  EXPECT_EQ(test::MarkupCheck::fault(html), "");
  EXPECT_EQ(html, part_of(test::made_up_model_summary()));
  EXPECT_EQ(count_of(html, "<svg "), 11u);
  EXPECT_EQ(count_of(html, "<h2>"), 1u);
  EXPECT_EQ(count_of(html, "<h3>"), 7u);
  EXPECT_EQ(count_of(html, "<div class=\"plots\">"), 4u);
  EXPECT_EQ(html.find("nan"), std::string::npos);
  EXPECT_EQ(html.find("class=\"warning\""), std::string::npos);
}

TEST(ModelReport, SaysWhatWasDone) {
  const std::string html = part_of(test::made_up_model_summary());
  for (const char* text : {"<b>4</b> <span>samples</span>", "75.0 %",
                           "4 of 5,794 that the dump holds", "the predicted class, decoder layer 5",
                           "the map of head 7", "the same weight for all cells", "12,345, float32",
                           "2,000 replicates, seed 17", "&lt;val&gt;", "(3 samples)"})
    EXPECT_NE(html.find(text), std::string::npos) << text;
  ModelSummary summary = test::made_up_model_summary();
  summary.map = "mean";
  summary.ablation = "zero";
  const std::string other = part_of(summary);
  EXPECT_NE(other.find("the mean map of the heads"), std::string::npos);
  EXPECT_NE(other.find("weights of zero"), std::string::npos);
}

TEST(ModelReport, LeadsWithDifferencesToRandomOrder) {
  ModelSummary summary = test::made_up_model_summary();
  std::string html = part_of(summary);
  EXPECT_NE(html.find("<b>−0.250</b> <span>deletion area"), std::string::npos);
  EXPECT_EQ(html.find("<span>insertion area"), std::string::npos);  // not measured
  EXPECT_NE(html.find("<b>1.500</b> <span>of 2 heads needed on average"), std::string::npos);
  summary.measures[0].id = "insertion_margin_normalized";
  summary.measures[0].baselines[0].difference.mean = 0.25;
  html = part_of(summary);
  EXPECT_NE(html.find("<b>+0.250</b> <span>insertion area"), std::string::npos);
}

TEST(ModelReport, MeasuresAndBaselinesAreExplained) {
  const std::string html = part_of(test::made_up_model_summary());
  for (const char* text : {"id=\"about-head_effect\"", "baseline: random", "baseline: center prior",
                           "from the picture’s center outwards", "−0.250 (−0.375 to −0.125)"})
    EXPECT_NE(html.find(text), std::string::npos) << text;
}

TEST(ModelReport, SaysHowManyHeadsAreEnough) {
  EXPECT_NE(part_of(test::made_up_model_summary())
                .find("On average that is 1.500 (1.375 to 1.625) of 2 heads."),
            std::string::npos);
}

TEST(ModelReport, TheFirstStageMustReadOne) {
  ModelSummary summary = test::made_up_model_summary();
  summary.randomization[0].rank_correlation.mean = 1 - 1e-9;
  EXPECT_NE(part_of(summary).find("<p class=\"warning\">The first row, presence &lt;vector&gt;"),
            std::string::npos);
}

TEST(ModelReport, SaysWhatIsMissing) {
  ModelSummary summary = test::made_up_model_summary();
  summary.without_target = 2;
  EXPECT_NE(part_of(summary).find("2 of 4 samples have no label"), std::string::npos);
}

TEST(ModelReport, TemperatureIsASentence) {
  ModelSummary summary = test::made_up_model_summary();
  std::string html = part_of(summary);
  for (const char* text : {"<b>1.500</b>", "surer of itself than it should be",
                           "from 0.875 to 0.625 nats", "from 0.375 to 0.125"})
    EXPECT_NE(html.find(text), std::string::npos) << text;
  summary.temperature.temperature = 0.5;
  EXPECT_NE(part_of(summary).find("less sure of itself"), std::string::npos);
  summary.temperature.n = 0;
  EXPECT_EQ(part_of(summary).find("Temperature"), std::string::npos);
}

TEST(ModelReport, NamesTheFilesBesideIt) {
  ModelSummary summary = test::made_up_model_summary();
  std::string html = part_of(summary, {.gallery = "../gallery/index.html"});
  for (const char* file : {"model.json", "model-samples.csv", "model-heads.csv", "curves.csv",
                           "randomization.csv", "../gallery/index.html"})
    EXPECT_EQ(count_of(html, "href=\"" + std::string(file) + "\""), 1u) << file;
  summary.curves.clear();
  summary.randomization.clear();
  summary.measures.clear();
  html = part_of(summary);
  for (const char* file : {"model-heads.csv", "href=\"curves.csv", "randomization.csv", "gallery"})
    EXPECT_EQ(html.find(file), std::string::npos) << file;
}

TEST(ModelReport, IsWholeWithoutResults) {
  const std::string html = part_of({});
  EXPECT_EQ(test::MarkupCheck::fault(html), "");
  EXPECT_EQ(count_of(html, "<h3>"), 1u);  // files
  EXPECT_EQ(html.find("<table"), std::string::npos);
}

}  // namespace
}  // namespace intr
