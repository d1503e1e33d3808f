// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_tables.h"

#include <gtest/gtest.h>

#include "attention/made_up_summary.h"
#include "attention/markup_check.h"

namespace intr {
namespace {

using test::count_of;

TEST(ReportTables, NumbersAreGrouped) {
  EXPECT_EQ(grouped_digits(0), "0");
  EXPECT_EQ(grouped_digits(999), "999");
  EXPECT_EQ(grouped_digits(-1234), "-1,234");
  EXPECT_EQ(grouped_digits(1234567), "1,234,567");
  EXPECT_EQ(shown_percent(3, 4), "75.0 %");
  EXPECT_EQ(shown_percent(1, 1), "100.0 %");
  EXPECT_EQ(shown_percent(1697, 2000), "84.9 %");  // 84.85, which no double is
  EXPECT_EQ(shown_percent(1, 3), "33.3 %");
  EXPECT_EQ(shown_percent(0, 0), "–");
}

TEST(ReportTables, MeasuresHaveIntervalsAndBaselines) {
  const std::string html = measure_table(test::made_up_summary().measures);
  EXPECT_EQ(test::MarkupCheck::fault(html), "");
  for (const char* text : {"<b>0.700</b>", "0.600 to 0.800", "uniform 0.300",
                           "+0.400 (0.300 to 0.500)", "Without any value: consistency."})
    EXPECT_NE(html.find(text), std::string::npos) << text;
  EXPECT_EQ(html.find("nan"), std::string::npos);
  EXPECT_EQ(measure_table({}), "");
}

TEST(ReportTables, BaselinesHaveColumnsIfThereAreAny) {
  ScoreSummary summary = test::made_up_summary();
  EXPECT_NE(measure_table(summary.measures).find(">difference<"), std::string::npos);
  summary.measures[0].baselines.clear();
  EXPECT_EQ(measure_table(summary.measures).find(">difference<"), std::string::npos);
}

TEST(ReportTables, MeasuresOfClassesSaySo) {
  ScoreSummary summary = test::made_up_summary();
  summary.measures[1].all = {0.5, 0.25, 0.75, 3, 0};
  EXPECT_NE(measure_table(summary.measures).find(">3 classes<"), std::string::npos);
}

TEST(ReportTables, FewClassesStandInOneTable) {
  const std::string html = class_tables(test::made_up_summary(), "");
  EXPECT_EQ(test::MarkupCheck::fault(html), "");
  EXPECT_EQ(count_of(html, "<table>"), 1u);
  EXPECT_EQ(count_of(html, "<a "), 0u);
  EXPECT_LT(html.find("Tom &amp; Jerry"), html.find("&lt;b&gt;wren"));
  EXPECT_LT(html.find("&lt;b&gt;wren"), html.find("plain"));
  EXPECT_EQ(class_tables({}, ""), "");
}

TEST(ReportTables, ManyClassesAreTheWorstAndTheBest) {
  ScoreSummary summary;
  for (std::int32_t number = 0; number < 30; ++number)
    summary.class_scores.push_back(
        {number, "class " + std::to_string(number) + ".", 30, number, {}, 0});
  summary.class_scores.push_back({30, "without samples", 0, 0, {}, 0});
  const std::string html = class_tables(summary, "");
  EXPECT_EQ(count_of(html, "<table>"), 2u);
  EXPECT_EQ(count_of(html, "scope=\"row\""), 20u);
  EXPECT_LT(html.find("class 0."), html.find("class 29."));
  EXPECT_LT(html.find("class 29."), html.find("class 20."));
  EXPECT_EQ(html.find("class 15."), std::string::npos);
  EXPECT_EQ(html.find("without samples"), std::string::npos);
}

TEST(ReportTables, ClassesAndPairsLeadToTheGallery) {
  const ScoreSummary summary = test::made_up_summary();
  const std::string gallery = "../my gallery/index.html";
  EXPECT_NE(class_tables(summary, gallery)
                .find("<a href=\"../my%20gallery/index.html#label=Tom%20%26%20Jerry\">"),
            std::string::npos);
  const std::string html = confusion_table(summary, gallery);
  EXPECT_EQ(test::MarkupCheck::fault(html), "");
  EXPECT_NE(html.find("#label=Tom%20%26%20Jerry&amp;predicted=%3Cb%3Ewren%3C%2Fb%3E\">"),
            std::string::npos);
  EXPECT_EQ(confusion_table({}, ""), "");
}

TEST(ReportTables, ConfusionsAreCutAndUnknownClassesNumbered) {
  ScoreSummary summary;
  for (std::int32_t number = 0; number < 1200; ++number)
    summary.confusions.push_back({{number, number + 1}, 3});
  const std::string html = confusion_table(summary, "");
  EXPECT_EQ(count_of(html, "scope=\"row\""), 20u);
  EXPECT_NE(html.find("class 19"), std::string::npos);
  EXPECT_NE(html.find("20 of 1,200 pairs."), std::string::npos);
}

TEST(ReportTables, AddressesStayPaths) {
  EXPECT_EQ(page_address("javascript:alert(1)"), "javascript%3Aalert%281%29");
  EXPECT_EQ(page_address("../a-b/c_d.html"), "../a-b/c_d.html");
  EXPECT_EQ(page_address("https://host:8/a%20b/\"c.html"), "https://host:8/a%20b/%22c.html");
  EXPECT_EQ(page_address("file://x"), "file%3A//x");
  EXPECT_EQ(page_address("ü\"?#"), "%C3%BC%22%3F%23");
}

}  // namespace
}  // namespace intr
