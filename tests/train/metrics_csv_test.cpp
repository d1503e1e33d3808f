// SPDX-License-Identifier: Apache-2.0
#include "intr/train/metrics_csv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "intr/train/metrics.h"

namespace intr {
namespace {

TEST(MetricsCsv, HoldsTheNumbersOfTheRecord) {
  const nlohmann::ordered_json record = {{"kind", "train"},
                                         {"step", 7},
                                         {"loss", 0.1},
                                         {"ms", {{"forward", 12.5}}},
                                         {"applied", true},
                                         {"time", 1.5},
                                         {"acc1", std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_EQ(metrics_csv_line(record), "train,7,,,0.1,,,,,,,,,12.5,,,,,,,1.5");
}

TEST(MetricsCsv, EveryNumberOfAStepHasAColumn) {
  StepReport report;
  report.times = {
      .data = 0.001, .forward = 0.002, .backward = 0.003, .exposed = 0.004, .optimizer = 0.005};
  const std::string header = metrics_csv_header(),
                    line = metrics_csv_line(
                        step_record(report, {.checkpoint = 0.006, .other = 0.007}));
  EXPECT_EQ(std::count(header.begin(), header.end(), ','),
            std::count(line.begin(), line.end(), ','));
  EXPECT_EQ(line.find(",,"), std::string::npos) << line;
  EXPECT_NE(line.find(",1.0,2.0,3.0,4.0,5.0,6.0,7.0,"), std::string::npos) << line;
}

}  // namespace
}  // namespace intr
