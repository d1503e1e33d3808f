// SPDX-License-Identifier: Apache-2.0
// How queries start, through intr/model/weight_import.h.
#include "intr/model/weight_import.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "intr/core/error.h"
#include "intr/weights/checkpoint_file.h"
#include "support/weight_imports.h"

namespace intr {
namespace {

using test::expect_formula;
using test::formula;
using test::import_from;
using test::kBirds;
using test::kQueries;
using test::OpenFile;
using test::our_header;
using test::row_of;
using test::Values;
using test::WeightImportTest;

class QueryStart : public WeightImportTest {};

TEST_F(QueryStart, DetrGivesItsQueriesInTurnWithoutNoise) {
  const OpenFile detr = open(test::detr_tensors(test::small_file_config()));
  const std::vector<float> stored = formula(test::small_file_config(100), kQueries);
  for (const std::int64_t classes : {7, 37, 100, 120, 200, 250}) {
    SCOPED_TRACE(classes);
    const Values values = import_from(detr, classes, {.noise_frac = 0});
    const std::vector<float>& queries = values.at(kQueries);
    ASSERT_EQ(queries.size(), static_cast<std::size_t>(classes) * 32);
    for (std::size_t row = 0; row < static_cast<std::size_t>(classes); ++row)
      EXPECT_EQ(row_of(queries, row), row_of(stored, row % 100)) << row;
  }
}

TEST_F(QueryStart, RepeatedQueriesGetNoiseOfTheWantedSize) {
  const OpenFile detr = open(test::detr_tensors(test::small_file_config()));
  const std::vector<float> stored = formula(test::small_file_config(100), kQueries);
  const std::vector<float> queries = import_from(detr, 250).at(kQueries);
  double sum = 0;
  double squares = 0;
  const std::size_t first = std::size_t{100} * 32;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const double noise = static_cast<double>(queries[i]) - static_cast<double>(stored[i % first]);
    if (i < first) {
      ASSERT_EQ(noise, 0);
      continue;
    }
    sum += noise;
    squares += noise * noise;
  }
  const auto count = static_cast<double>(queries.size() - first);
  EXPECT_NEAR(std::sqrt(squares / count), 0.1, 0.005);
  EXPECT_NEAR(sum / count, 0, 0.005);
  // A pure function of the seed: every rank makes the same numbers.
  EXPECT_EQ(queries, import_from(detr, 250).at(kQueries));
  EXPECT_NE(queries, import_from(detr, 250, {.seed = 1}).at(kQueries));
}

TEST_F(QueryStart, OtherStartsOfQueries) {
  const OpenFile detr = open(test::detr_tensors(test::small_file_config()));
  const std::vector<float> stored = formula(test::small_file_config(100), kQueries);
  const std::vector<float> mean =
      import_from(detr, 7, {.query_init = "mean", .noise_frac = 0}).at(kQueries);
  for (std::size_t column = 0; column < 32; ++column) {
    double sum = 0;
    for (std::size_t row = 0; row < 100; ++row)
      sum += static_cast<double>(stored[row * 32 + column]);
    for (std::size_t row = 0; row < 7; ++row) EXPECT_NEAR(mean[row * 32 + column], sum / 100, 1e-6);
  }
  const std::vector<float> noisy = import_from(detr, 7, {.query_init = "mean"}).at(kQueries);
  EXPECT_NE(row_of(noisy, 0), row_of(noisy, 1));
  EXPECT_NEAR(noisy[0], mean[0], 0.6);

  const std::vector<float> random = import_from(detr, 200, {.query_init = "random"}).at(kQueries);
  double squares = 0;
  for (const float value : random)
    squares += static_cast<double>(value) * static_cast<double>(value);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(random.size())), 1, 0.05);

  EXPECT_EQ(refusal<UsageError>([&] { import_from(detr, 7, {.query_init = "match"}); }),
            "--query-init: match needs the names of the classes, and FILE has none. Next: use "
            "--query-init tile");
}

TEST_F(QueryStart, AnotherNumberOfClassesKeepsThePresenceVector) {
  const ModelConfig config = test::small_file_config();
  const OpenFile intr = open(test::intr_tensors(config), our_header(config, kBirds));
  const std::vector<float> stored = formula(config, kQueries);
  for (const std::int64_t classes : {5, 12}) {
    const Values values = import_from(intr, classes);
    expect_formula(values, config, {kQueries});  // presence vector included
    const std::vector<float>& queries = values.at(kQueries);
    ASSERT_EQ(queries.size(), static_cast<std::size_t>(classes) * 32);
    for (std::size_t row = 0; row < std::min<std::size_t>(7, queries.size() / 32); ++row)
      EXPECT_EQ(row_of(queries, row), row_of(stored, row));
    if (classes == 12) {
      EXPECT_NE(row_of(queries, 7), row_of(stored, 0));
    }
  }
}

TEST_F(QueryStart, EquallyNamedClassesKeepTheirQueries) {
  const ModelConfig config = test::small_file_config();
  const OpenFile intr = open(test::intr_tensors(config), our_header(config, kBirds));
  const std::vector<float> stored = formula(config, kQueries);
  const std::vector<std::string> classes = {"owl", "heron", "wren", "swan", "jay"};
  const ImportOptions options{
      .query_init = "match", .noise_frac = 0, .classes = classes, .file_classes = kBirds};
  const std::vector<float> queries = import_from(intr, 5, options).at(kQueries);
  EXPECT_EQ(row_of(queries, 0), row_of(stored, 5));
  EXPECT_EQ(row_of(queries, 2), row_of(stored, 0));
  EXPECT_EQ(row_of(queries, 4), row_of(stored, 2));
  EXPECT_EQ(row_of(queries, 1), row_of(queries, 3));  // both the mean
  const WeightImport import(intr.file, intr.weights, intr.config(5), options);
  EXPECT_EQ(import.lines().back(),
            "initialised: query_embed.weight (match: rows of 3 equally named classes; 2 others "
            "from the mean)");
  // Also where only the order differs.
  std::vector<std::string> reversed(kBirds.rbegin(), kBirds.rend());
  const std::vector<float> same =
      import_from(intr, 7, {.query_init = "match", .classes = reversed, .file_classes = kBirds})
          .at(kQueries);
  for (std::size_t row = 0; row < 7; ++row) EXPECT_EQ(row_of(same, row), row_of(stored, 6 - row));
}

}  // namespace
}  // namespace intr
