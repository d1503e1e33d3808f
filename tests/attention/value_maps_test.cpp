// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/value_maps.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using test::TempDir;

ModelSampleScores scores_of(const DumpSample& sample, float first) {
  ModelSampleScores scores;
  scores.sample_id = sample.sample_id;
  scores.target = sample.top_class.front();
  scores.logits = {1, 2, 3};
  scores.values = ValueScores{};
  scores.values->map.assign(static_cast<std::size_t>(sample.grid.area()), -0.25F);
  scores.values->map.front() = first;
  return scores;
}

ModelScoreTable table_of(const MapReader& reader) {
  ModelScoreTable table;
  table.facts = reader.facts();
  for (std::int64_t row = 0; row < reader.size(); ++row)
    table.samples.push_back(scores_of(reader.sample(row), 0.5F + static_cast<float>(row)));
  return table;
}

TEST(ValueMaps, AreReadBackAsTheyWere) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  const MapReader reader = MapReader::open(dir / "dump");
  ModelScoreTable table = table_of(reader);
  table.samples[1].values.reset();  // its target is unknown
  EXPECT_TRUE(write_value_maps(dir / "maps.h5", table, reader, std::string(32, '7')));
  const MapReader maps = MapReader::open(dir / "maps.h5");
  EXPECT_TRUE(maps.facts().is_signed);
  EXPECT_EQ(maps.facts().content_id, std::string(32, '7'));
  EXPECT_EQ(maps.facts().model_hash, reader.facts().model_hash);
  EXPECT_EQ(maps.facts().queries, "predicted");
  EXPECT_EQ(maps.facts().layers.front(), reader.facts().layer_total - 1);
  ASSERT_EQ(maps.size(), reader.size() - 1);
  for (std::int64_t row = 0; row < maps.size(); ++row) {
    const std::size_t from = row == 0 ? 0 : static_cast<std::size_t>(row) + 1;
    EXPECT_EQ(maps.maps(row), table.samples[from].values->map);
    EXPECT_EQ(maps.sample(row).sample_id, table.samples[from].sample_id);
    EXPECT_EQ(maps.sample(row).query, std::vector<std::int32_t>{table.samples[from].target});
    EXPECT_EQ(maps.sample(row).logit,
              std::vector<float>{static_cast<float>(1 + table.samples[from].target)});
    EXPECT_EQ(maps.sample(row).path, reader.sample(static_cast<std::int64_t>(from)).path);
  }
}

TEST(ValueMaps, RefusesAMapOfAnotherSize) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  const MapReader reader = MapReader::open(dir / "dump");
  ModelScoreTable table = table_of(reader);
  table.samples[0].values->map.pop_back();
  EXPECT_THROW(write_value_maps(dir / "maps.h5", table, reader, std::string(32, '7')),
               InternalError);
  EXPECT_FALSE(std::filesystem::exists(dir / "maps.h5"));
}

TEST(ValueMaps, WithoutATargetThereIsNoFile) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  const MapReader reader = MapReader::open(dir / "dump");
  ModelScoreTable table = table_of(reader);
  for (ModelSampleScores& scores : table.samples) scores.values.reset();
  EXPECT_FALSE(write_value_maps(dir / "maps.h5", table, reader, std::string(32, '7')));
  EXPECT_FALSE(std::filesystem::exists(dir / "maps.h5"));
}

TEST(ValueMaps, KnowsWhereNothingCanBeWritten) {
  const TempDir dir;
  EXPECT_NO_THROW(require_place_for_maps(dir / "maps.h5"));
  EXPECT_NO_THROW(require_place_for_maps("maps.h5"));
  EXPECT_THROW(require_place_for_maps(dir / "missing/maps.h5"), EnvironmentError);
  EXPECT_THROW(require_place_for_maps(dir.path()), EnvironmentError);
}

}  // namespace
}  // namespace intr
