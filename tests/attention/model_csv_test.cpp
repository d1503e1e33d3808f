// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_csv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "attention/model_tables.h"
#include "intr/attention/gallery_scores.h"
#include "intr/core/csv_reader.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class ModelCsv : public ::testing::Test {
 protected:
  ModelCsv() : table_(test::made_model_table(3)) {
    table_.samples[0].curves = test::line_curves();
    table_.samples[0].heads = HeadScores{{1.0 / 3, 2}, {0, 1}, 4, true, {1}, {1}};
    table_.samples[1].heads = HeadScores{{1, 2}, {0, 1}, 4, true, {1, 0}, {3, 2}};
    table_.samples[0].randomization = RandomizationScores{0.5, 0.25, {{1, 1, 0.5}, {0.25, 0, 0}}};
    table_.samples[2].label = -1;
    table_.samples[2].target = -1;
  }
  using Row = std::vector<std::string>;
  std::vector<Row> rows_of(const std::string& text) {
    write_file(folder_ / "table.csv", text);
    CsvReader csv(folder_ / "table.csv");
    header_ = csv.header();
    std::vector<Row> rows;
    while (const auto row = csv.next()) rows.push_back(row->fields);
    return rows;
  }
  std::size_t column(const std::string& name) const {
    return static_cast<std::size_t>(std::find(header_.begin(), header_.end(), name) -
                                    header_.begin());
  }

  test::TempDir folder_;
  ModelScoreTable table_;
  Row header_;
};

TEST_F(ModelCsv, ALineASample) {
  const auto rows = rows_of(model_samples_csv(table_));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(Row(header_.begin(), header_.begin() + 5),
            (Row{"sample", "class", "predicted", "target", "deletion_probability"}));
  EXPECT_EQ(header_.size(), 4u + 15 + 1);
  EXPECT_EQ(rows[1][0], "101");
  EXPECT_EQ(rows[0][column("class")], "ant");
  EXPECT_EQ(rows[0][column("predicted")], "bee, tiny");
  EXPECT_EQ(rows[0][column("target")], "bee, tiny");
  EXPECT_EQ(rows[2][column("class")], "");
  EXPECT_EQ(rows[2][column("target")], "");
  EXPECT_EQ(rows[0][column("insertion_margin")], "5");
  EXPECT_EQ(rows[1][column("insertion_margin")], "nan");
  EXPECT_EQ(rows[0][column("heads_needed")], "1");
  EXPECT_EQ(rows[0][column("heads_removed")], "h1");
  EXPECT_EQ(rows[1][column("heads_removed")], "h1 h0");
  EXPECT_EQ(rows[2][column("heads_removed")], "");
  table_.options.measures = "values";
  rows_of(model_samples_csv(table_));
  EXPECT_EQ(header_.size(), 4u + 3);
  EXPECT_EQ(header_.back(), "value_negative_share");
}

TEST_F(ModelCsv, TheGalleryReadsIt) {
  write_file(folder_ / "samples.csv", model_samples_csv(table_));
  const std::vector<std::int64_t> ids = {101, 100};
  const std::vector<GalleryScore> scores = read_gallery_scores(folder_ / "samples.csv", ids);
  const auto named = [&](const char* name) {
    return std::find_if(scores.begin(), scores.end(),
                        [=](const GalleryScore& score) { return score.name == name; });
  };
  ASSERT_NE(named("heads_needed"), scores.end());
  EXPECT_EQ(named("heads_needed")->values, (std::vector<double>{0, 1}));
  EXPECT_EQ(named("heads_removed"), scores.end());  // no number, even where one head went
}

TEST_F(ModelCsv, ALineASampleAndHead) {
  const auto rows = rows_of(model_heads_csv(table_));
  EXPECT_EQ(header_, (Row{"sample", "head", "effect", "flips", "kept"}));
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[0], (Row{"100", "0", "0.333333333", "0", "1"}));
  EXPECT_EQ(rows[1], (Row{"100", "1", "2", "1", "0"}));
  EXPECT_EQ(rows[5], (Row{"102", "1", "nan", "nan", "nan"}));
  table_.options.measures = "curves";
  EXPECT_TRUE(rows_of(model_heads_csv(table_)).empty());
  EXPECT_EQ(header_.size(), 5u);
}

TEST_F(ModelCsv, ALineAPointAndQuantity) {
  const auto rows = rows_of(curves_csv(summarize_model(table_, 1)));
  EXPECT_EQ(header_,
            (Row{"kind", "order", "step", "share", "quantity", "mean", "low", "high", "n"}));
  ASSERT_EQ(rows.size(), 2u * 3 * 17 * 4);
  EXPECT_EQ(rows[4], (Row{"deletion", "map", "1", "0.0625", "probability", "0.9375", "0.9375",
                          "0.9375", "1"}));
  EXPECT_EQ(rows[5][4], "margin");
  EXPECT_EQ(rows[5][5], "9.375");
  EXPECT_EQ(rows[6][4], "probability_normalized");
  EXPECT_EQ(rows[7][4], "margin_normalized");
  EXPECT_EQ(rows.back(),
            (Row{"insertion", "center_prior", "16", "1", "margin_normalized", "1", "1", "1", "1"}));
}

TEST_F(ModelCsv, ALineAStageAndQuantity) {
  table_.stages[1] = "decoder, layer 5";
  const auto rows = rows_of(randomization_csv(summarize_model(table_, 1)));
  EXPECT_EQ(header_, (Row{"stage", "quantity", "mean", "low", "high", "n"}));
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[0], (Row{"presence vector", "rank_correlation", "1", "1", "1", "1"}));
  EXPECT_EQ(rows[2], (Row{"presence vector", "box_mass", "0.5", "0.5", "0.5", "1"}));
  EXPECT_EQ(rows[4], (Row{"decoder, layer 5", "cosine", "0", "0", "0", "1"}));
}

}  // namespace
}  // namespace intr
