// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery_sample.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "attention/drawing_dump.h"
#include "intr/attention/gallery_columns.h"

namespace intr {
namespace {

/// Sample 0 of a dump, as a page gets it.
nlohmann::json entry_of(const test::DrawingDump& dump, bool every_query) {
  const MapReader reader = dump.open();
  const DumpSample& sample = reader.sample(0);
  const SampleMaps maps(reader.facts(), sample, reader.maps(0));
  SampleInputs inputs;
  inputs.sample = &sample;
  inputs.photo = encode_png(test::DrawingDump::picture(sample));
  if (reader.facts().values) inputs.value_maps = reader.values(0, MapField::kValue);
  return nlohmann::json::parse(
      gallery_sample(inputs, maps, reader.facts(), shown_queries(sample, every_query), {}));
}

TEST(GallerySample, TrueClassThenRunnerUpThenTheOthers) {
  DumpSample sample;
  sample.query = {4, 1, 7, 2};
  sample.top_class = {7, 4, 1};
  sample.top_logit = {3, 2, 1};
  sample.label = 4;
  EXPECT_EQ(shown_queries(sample, false).slots, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(shown_queries(sample, true).slots, (std::vector<std::int64_t>{0, 2, 1, 3}));
  EXPECT_EQ(shown_queries(sample, true).further(), 2);
  sample.label = -1;  // the best class, then the second best
  EXPECT_EQ(shown_queries(sample, false).slots, (std::vector<std::int64_t>{2, 0}));
}

TEST(GallerySample, ARunnerUpThatIsNotStoredIsNotReplaced) {
  DumpSample sample;
  sample.query = {4, 1};
  sample.top_class = {4, 9};
  sample.top_logit = {2, 1};
  sample.label = 4;
  EXPECT_FALSE(shown_queries(sample, true).runner_up);
  EXPECT_EQ(shown_queries(sample, true).slots, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(shown_queries(sample, true).further(), 1);
  EXPECT_EQ(shown_queries(sample, false).slots, (std::vector<std::int64_t>{0}));
}

TEST(GallerySample, ATrueClassThatIsNotStoredIsNotReplaced) {
  DumpSample sample;
  sample.query = {7, 1};
  sample.top_class = {7, 1};
  sample.top_logit = {2, 1};
  sample.label = 4;
  const ShownQueries shown = shown_queries(sample, true);
  EXPECT_FALSE(shown.own);
  EXPECT_TRUE(shown.runner_up);
  EXPECT_EQ(shown.slots, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(shown.further(), 1);
  EXPECT_EQ(shown_queries(sample, false).slots, (std::vector<std::int64_t>{0}));
}

TEST(GallerySample, EntryHoldsWhatIsShown) {
  const test::DrawingDump dump;
  const auto few = entry_of(dump, false), all = entry_of(dump, true);
  EXPECT_EQ(few["slots"], (nlohmann::json{0, 1}));
  EXPECT_EQ(few["maxima"].size(), 8u);  // two slots, four heads
  EXPECT_EQ(all["slots"], (nlohmann::json{0, 1, 2}));
  EXPECT_EQ(all["maxima"].size(), 12u);
  EXPECT_EQ(all["d"].get<std::string>().size(), 96u);  // 72 cells
  EXPECT_EQ(all["runnerUp"], true);
  EXPECT_FALSE(all.contains("value"));
}

TEST(GallerySample, ValueMapsAreThereIfTheDumpHoldsThem) {
  test::SyntheticDump with_values;
  with_values.all_fields = true;
  const auto entry = entry_of(test::DrawingDump(with_values), false);
  // Heads end at 3, 5, 7, 9 (sample 10 of 7, two a head) and 1.25 more in the last of 6 cells.
  EXPECT_EQ(entry["valueMaxima"], (nlohmann::json{4.25, 6.25, 8.25, 10.25}));
  const std::string value = entry["value"];
  ASSERT_EQ(value.size(), 32u);  // 24 cells
  // 3, 3.25, 3.5 of 4.25 in 255 steps.
  const std::vector<std::byte> first = {std::byte{180}, std::byte{195}, std::byte{210}};
  EXPECT_EQ(value.substr(0, 4), base64(first));
}

TEST(GallerySample, MapBytesAreThoseOfTheEntry) {
  test::SyntheticDump with_values;
  with_values.all_fields = true;
  with_values.grids = {{3, 5}};
  const test::DrawingDump dump(with_values);
  const MapReader reader = dump.open();
  for (const bool every_query : {false, true}) {
    const auto entry = entry_of(dump, every_query);
    EXPECT_EQ(gallery_map_bytes(reader.facts(), reader.sample(0), every_query),
              entry["d"].get<std::string>().size() + entry["value"].get<std::string>().size());
  }
}

}  // namespace
}  // namespace intr
