// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_table.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include "intr/core/error.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class ScoreTables : public ::testing::Test {
 protected:
  void write(const test::SyntheticDump& dump) {
    test::write_synthetic_dump(folder_ / "dump", dump);
  }
  ScoreTable score(const ScoreOptions& options = {}, std::int64_t threads = 1) {
    const MapReader reader = MapReader::open(folder_ / "dump");
    std::vector<std::int64_t> rows(static_cast<std::size_t>(reader.size()));
    std::iota(rows.begin(), rows.end(), 0);
    return score_samples(reader, rows, read_annotations(reader, rows, {}), options,
                         {.threads = threads}, failures_);
  }

  test::TempDir folder_;
  std::vector<SampleFailure> failures_;
};

TEST_F(ScoreTables, SamplesAreInOrderOfTheirIds) {
  write({});
  const ScoreTable table = score();
  ASSERT_EQ(table.samples.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(table.samples[i].sample_id, 10 + 3 * static_cast<std::int64_t>(i));
  EXPECT_EQ(table.heads, (std::vector<std::int32_t>{0, 1, 2, 3}));
  EXPECT_FALSE(table.scores[4].has_maps);  // no label
  EXPECT_TRUE(failures_.empty());
}

TEST_F(ScoreTables, ThreadsChangeNothing) {
  write({.num_samples = 20, .grids = {{5, 7}, {3, 3}}});
  const ScoreTable one = score({}, 1), four = score({}, 4);
  for (std::size_t i = 0; i < 19; ++i)
    for (const MapMeasure measure :
         {MapMeasure::kEntropy, MapMeasure::kSpread, MapMeasure::kClassContrast})
      EXPECT_EQ(one.scores[i].mean.values[measure], four.scores[i].mean.values[measure]);
}

TEST_F(ScoreTables, LayersAndPairsAreChosen) {
  write({.num_samples = 11, .layers = 2});
  EXPECT_EQ(score().layer, 1);
  EXPECT_EQ(score({.layer = 0}).layer, 0);
  EXPECT_NE(score({.layer = 0}).scores[0].mean.values[MapMeasure::kPeakX],
            score().scores[0].mean.values[MapMeasure::kPeakX]);
  EXPECT_THROW(score({.layer = 7}), UsageError);
  EXPECT_EQ(score().confusions.size(), 3u);
  EXPECT_EQ(score({.pairs = 1}).confusions.size(), 1u);
}

TEST_F(ScoreTables, SamplesThatCannotBeReadAreListed) {
  write({});
  std::filesystem::remove(folder_ / "dump/piece-00001.h5");
  const ScoreTable table = score({}, 2);
  ASSERT_EQ(failures_.size(), 2u);
  EXPECT_EQ(failures_[0].sample_id, 13);
  EXPECT_NE(failures_[0].message.find("piece-00001.h5"), std::string::npos);
  EXPECT_EQ(table.samples.size(), 3u);
}

TEST_F(ScoreTables, ADumpWithoutTheQueryIsRefused) {
  test::SyntheticDump dump{.slots = 1};
  dump.adjust = [](DumpSample& sample) { sample.label = -1, sample.true_rank = -1; };
  write(dump);
  try {
    score();
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("have no labels"), std::string::npos) << error.what();
  }
  dump.adjust = [](DumpSample& sample) { sample.label = 2, sample.query = {0}; };
  write(dump);
  try {
    score();
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("no maps of the true class"), std::string::npos)
        << error.what();
  }
}

TEST_F(ScoreTables, ALoopThatStopsIsNoFaultOfTheQuery) {
  write({});
  const MapReader reader = MapReader::open(folder_ / "dump");
  std::int64_t measured = 0;
  const LoopControl control{.threads = 1,
                            .advance = [&](std::int64_t count) { measured += count; },
                            .stop = [&] { return measured == 1; }};
  const std::vector<std::int64_t> rows = {4, 0};  // the first of them has no label
  const ScoreTable table =
      score_samples(reader, rows, read_annotations(reader, rows, {}), {}, control, failures_);
  EXPECT_EQ(table.samples.size(), 1u);
}

TEST_F(ScoreTables, OptionsAreChecked) {
  EXPECT_THROW(validate(ScoreOptions{.query = "all"}), UsageError);
  EXPECT_THROW(validate(ScoreOptions{.geometry = "round"}), UsageError);
  EXPECT_THROW(validate(ScoreOptions{.mass = 0}), UsageError);
  EXPECT_THROW(validate(ScoreOptions{.mass = 1.5}), UsageError);
  EXPECT_THROW(validate(ScoreOptions{.replicates = -1}), UsageError);
  EXPECT_NO_THROW(validate(ScoreOptions{.mass = 1, .replicates = 0}));
}

}  // namespace
}  // namespace intr
