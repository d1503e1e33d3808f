// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/measures_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace intr {
namespace {

/// Lines of the table of these titles, each with a unit and one estimate.
std::vector<MeasureSummary> some_measures(const std::vector<std::string>& titles) {
  std::vector<MeasureSummary> measures;
  for (const std::string& title : titles) {
    measures.emplace_back();
    measures.back().title = title;
    measures.back().unit = "a unit";
    measures.back().all = {0.5, 0.25, 0.75, 4, 0};
  }
  return measures;
}

TEST(MeasuresText, ColumnsStandBelowTheirHeads) {
  std::istringstream text(
      measures_text(some_measures({"a measure with a name that is long", "short"}), {}));
  std::string head, first, second;
  std::getline(text, head);
  std::getline(text, first);
  std::getline(text, second);
  EXPECT_EQ(first.find("0.25 to 0.75"), head.find("95 % interval"));
  EXPECT_EQ(second.find("0.25 to 0.75"), head.find("95 % interval"));
}

TEST(MeasuresText, HeadsBaselinesAndWhatIsMissing) {
  std::vector<MeasureSummary> measures = some_measures({"one", "two", "three"});
  measures[0].heads = {{1, 1, 1, 4, 0}, {3, 3, 3, 4, 0}, {2, 2, 2, 4, 0}};
  measures[0].baselines = {{"random", {0.125, 0, 0, 4, 0}, {}}, {"chance", {0.25, 0, 0, 4, 0}, {}}};
  measures[1].all.n = measures[2].all.n = 0;
  const std::string text = measures_text(measures, {4, 5, 6});
  EXPECT_NE(text.find("one, a unit"), std::string::npos) << text;
  EXPECT_NE(text.find("3 (head 5)"), std::string::npos) << text;
  EXPECT_NE(text.find("random 0.125, chance 0.25"), std::string::npos) << text;
  EXPECT_NE(text.find("without any value: two, three\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("two, a unit"), std::string::npos) << text;
}

TEST(MeasuresText, IntervalsOnlyWhereTheyAre) {
  EXPECT_EQ(interval_text({1, 0.5, 1.25, 3, 0}), "0.5 to 1.25");
  EXPECT_EQ(interval_text({1, std::nan(""), std::nan(""), 3, 0}), "");
}

}  // namespace
}  // namespace intr
