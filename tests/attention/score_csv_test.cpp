// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_csv.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "attention/score_tables.h"
#include "intr/attention/gallery_scores.h"
#include "intr/attention/score_summarizer.h"
#include "intr/core/csv_reader.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class ScoreCsv : public ::testing::Test {
 protected:
  ScoreCsv() : table_(test::made_table(3)) {
    table_.scores[1].mean.values[MapMeasure::kEntropy] = 1.0 / 3;
    table_.scores[2].mean.values[MapMeasure::kEntropy] = 2;
    table_.scores[2].mean.nearest_part = 1;
    table_.scores[2].heads[1].values[MapMeasure::kPeak] = 0.5;
  }
  std::vector<std::vector<std::string>> rows_of(const std::string& text) {
    write_file(folder_ / "table.csv", text);
    CsvReader csv(folder_ / "table.csv");
    header_ = csv.header();
    std::vector<std::vector<std::string>> rows;
    while (const auto row = csv.next()) rows.push_back(row->fields);
    return rows;
  }
  std::size_t column(const std::string& name) const {
    return static_cast<std::size_t>(std::find(header_.begin(), header_.end(), name) -
                                    header_.begin());
  }

  test::TempDir folder_;
  ScoreTable table_;
  std::vector<std::string> header_;
};

TEST_F(ScoreCsv, ALineASample) {
  const auto rows = rows_of(samples_csv(table_));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(header_[0], "sample");
  EXPECT_EQ(rows[1][0], "101");
  EXPECT_EQ(rows[1][column("class")], "bee, tiny");
  EXPECT_EQ(rows[1][column("predicted")], "bee, tiny");
  EXPECT_EQ(rows[1][column("entropy")], "0.333333333");
  EXPECT_EQ(rows[0][column("entropy")], "nan");
  EXPECT_EQ(rows[2][column("nearest_part")], "tail");
  EXPECT_EQ(rows[0][column("nearest_part")], "");
}

TEST_F(ScoreCsv, TheGalleryReadsIt) {
  write_file(folder_ / "samples.csv", samples_csv(table_));
  const std::vector<std::int64_t> ids = {102, 101};
  const std::vector<GalleryScore> scores = read_gallery_scores(folder_ / "samples.csv", ids);
  ASSERT_EQ(scores.size(), 1u);  // the other columns hold no number here
  EXPECT_EQ(scores[0].name, "entropy");
  EXPECT_EQ(scores[0].values[0], 2);
}

TEST_F(ScoreCsv, ALineASampleAndHead) {
  const auto rows = rows_of(heads_csv(table_));
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[5][column("sample")], "102");
  EXPECT_EQ(rows[5][column("head")], "3");
  EXPECT_EQ(rows[5][column("peak")], "0.5");
}

TEST_F(ScoreCsv, ALineAClassAndALineAHeadAndPart) {
  table_.scores[0].heads[1].nearest_part = 1;
  const ScoreSummary summary = summarize(table_, {}, "", 1);
  const auto classes = rows_of(classes_csv(summary));
  ASSERT_EQ(classes.size(), 3u);
  EXPECT_EQ(classes[1][column("name")], "bee, tiny");
  EXPECT_EQ(classes[1][column("entropy")], "0.333333333");
  EXPECT_EQ(classes[1][column("consistent_heads")], "nan");
  const auto parts = rows_of(parts_csv(summary));
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[3], (std::vector<std::string>{"3", "tail", "1", "1", "1", "3"}));
  EXPECT_EQ(parts[0][2], "nan");
}

}  // namespace
}  // namespace intr
