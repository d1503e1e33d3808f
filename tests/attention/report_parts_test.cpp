// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_parts.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "attention/made_up_model_summary.h"
#include "attention/made_up_summary.h"
#include "attention/markup_check.h"
#include "intr/attention/model_plots.h"
#include "intr/attention/model_report.h"
#include "intr/attention/score_report.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using test::count_of;

const std::string kId(32, 'c');

/// What comes back of a part of this page.
std::string read_back(const std::string& page, ScoreCommand command, const std::string& id = kId) {
  const test::TempDir dir;
  write_file(dir / "report.html", page);
  return read_report_part(dir / "report.html", command, id);
}

std::string maps_of(const ScoreSummary& summary) {
  return score_sections(summary, score_plots(summary));
}

std::string model_of(const ModelSummary& summary) {
  return model_sections(summary, model_plots(summary));
}

TEST(ReportParts, OnePartOrBothAreAWholePage) {
  const std::string maps = maps_of(test::made_up_summary());
  const std::string model = model_of(test::made_up_model_summary());
  for (const ReportParts& parts : {ReportParts{maps, model}, {maps, ""}, {"", model}, {"", ""}}) {
    const std::string page = report_page("dumps/<birds> & \"more\"", kId, parts);
    EXPECT_EQ(test::MarkupCheck::fault(page), "");
    EXPECT_EQ(page, report_page("dumps/<birds> & \"more\"", kId, parts));
    EXPECT_EQ(count_of(page, "<h1>"), 1u);
    EXPECT_EQ(count_of(page, "dumps/&lt;birds&gt; &amp; &quot;more&quot;"), 2u);  // title, header
    EXPECT_EQ(count_of(page, "<article "),
              (parts.maps.empty() ? 0u : 1u) + (parts.model.empty() ? 0u : 1u));
  }
}

TEST(ReportParts, MapsComeFirstAndLinksLeadToBoth) {
  const std::string page = report_page("dump", kId, {.maps = "<p>a</p>", .model = "<p>b</p>"});
  EXPECT_LT(page.find("<p>a</p>"), page.find("<p>b</p>"));
  for (const char* id : {"maps", "model"}) {
    EXPECT_EQ(count_of(page, "href=\"#" + std::string(id) + "\""), 1u);
    EXPECT_EQ(count_of(page, "id=\"" + std::string(id) + "\""), 1u);
  }
  EXPECT_EQ(report_page("dump", kId, {.maps = "<p>a</p>", .model = {}}).find("<nav"),
            std::string::npos);
}

TEST(ReportParts, NamesInThePageAreGivenOnce) {
  const std::string page = report_page(
      "dump", kId, {maps_of(test::made_up_summary()), model_of(test::made_up_model_summary())});
  for (std::size_t at = page.find(" id=\""); at != std::string::npos;
       at = page.find(" id=\"", at + 1)) {
    const std::string name = page.substr(at, page.find('"', at + 5) + 1 - at);
    EXPECT_EQ(count_of(page, name), 1u) << name;
  }
}

TEST(ReportParts, NeedNothingElse) {
  const std::string page = report_page(
      "dump", kId, {maps_of(test::made_up_summary()), model_of(test::made_up_model_summary())});
  for (const char* text : {"<script", "<link", "<img", "@import", "url(", "src=", "https:"})
    EXPECT_EQ(page.find(text), std::string::npos) << text;
  EXPECT_EQ(count_of(page, "http:"), count_of(page, "xmlns=\"http://www.w3.org/2000/svg\""));
}

TEST(ReportParts, ComeBackAsTheyWere) {
  const ReportParts parts{maps_of(test::made_up_summary()),
                          model_of(test::made_up_model_summary())};
  const std::string page = report_page("dump", kId, parts);
  EXPECT_EQ(read_back(page, ScoreCommand::kMaps), parts.maps);
  EXPECT_EQ(read_back(page, ScoreCommand::kModel), parts.model);
  const std::string alone = report_page("dump", kId, {.maps = {}, .model = "<p>b</p>\n"});
  EXPECT_EQ(read_back(alone, ScoreCommand::kMaps), "");
  EXPECT_EQ(read_back(alone, ScoreCommand::kModel), "<p>b</p>\n");
}

TEST(ReportParts, OfAnotherDumpAreLeftOut) {
  const std::string page = report_page("dump", kId, {"<p>a</p>", "<p>b</p>"});
  for (const ScoreCommand command : {ScoreCommand::kMaps, ScoreCommand::kModel}) {
    EXPECT_EQ(read_back(page, command, std::string(32, 'd')), "");
    EXPECT_EQ(read_back(page, command, kId.substr(1)), "");
    EXPECT_EQ(read_back(page, command, ""), "");
  }
}

TEST(ReportParts, SayWhenTheyGo) {
  const std::string page = report_page("dump", kId, {.maps = {}, .model = "<p>b</p>"});
  const auto words = [&](ScoreCommand command, const std::string& id) {
    testing::internal::CaptureStderr();
    read_back(page, command, id);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(words(ScoreCommand::kModel, kId), "");
  EXPECT_EQ(words(ScoreCommand::kMaps, "other"), "");  // there was none
  EXPECT_NE(words(ScoreCommand::kModel, "other").find("what 'intr-score model' found of another"),
            std::string::npos);
}

TEST(ReportParts, OfNoReportAreNothing) {
  const test::TempDir dir;
  EXPECT_EQ(read_report_part(dir / "none.html", ScoreCommand::kMaps, kId), "");
  EXPECT_EQ(read_report_part(dir / ".", ScoreCommand::kMaps, kId), "");
  EXPECT_EQ(read_back("<html>mine</html>", ScoreCommand::kMaps), "");
  std::string torn = report_page("dump", kId, {"<p>a</p>", ""});
  torn.resize(torn.find("<!-- end of maps"));
  EXPECT_EQ(read_back(torn, ScoreCommand::kMaps), "");
}

TEST(ReportParts, DataCannotPassForComments) {
  const std::string fake = "<!-- end of maps --><!-- end of model --><!-- part model " + kId +
                           " -->\nfake<!-- end of model -->";
  ScoreSummary summary = test::made_up_summary();
  summary.dump = summary.split = summary.selection = summary.query = fake;
  summary.classes.assign(3, fake);
  for (ClassScores& one : summary.class_scores) one.name = fake;
  summary.part_shares.parts.assign(2, fake);
  summary.measures[0].title = summary.measures[0].definition = fake;
  ModelSummary model = test::made_up_model_summary();
  model.split = model.target = model.map = model.precision = model.dataset_id = fake;
  model.randomization[0].name = model.measures[0].title = fake;
  for (CurveSummary& curve : model.curves) curve.order = fake;
  const ReportParts parts{maps_of(summary), model_of(model)};
  const std::string page = report_page(fake, kId, parts);
  EXPECT_EQ(test::MarkupCheck::fault(page), "");
  EXPECT_EQ(count_of(page, "<!--"), 4u);
  EXPECT_EQ(read_back(page, ScoreCommand::kMaps), parts.maps);
  EXPECT_EQ(read_back(page, ScoreCommand::kModel), parts.model);
  const std::string other = report_page(fake, kId, {.maps = parts.maps, .model = {}});
  EXPECT_EQ(read_back(other, ScoreCommand::kModel), "");
}

TEST(ReportParts, DataAreNotTakenForMarks) {
  const std::string page = report_page("@BODY@ @STYLE@", kId, {.maps = "@TITLE@\n", .model = {}});
  EXPECT_NE(page.find("<title>Attention scores of @BODY@ @STYLE@</title>"), std::string::npos);
  EXPECT_NE(page.find("@TITLE@\n<!-- end"), std::string::npos);
  EXPECT_EQ(count_of(page, "<main>"), 1u);
}

}  // namespace
}  // namespace intr
