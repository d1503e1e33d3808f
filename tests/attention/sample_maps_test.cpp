// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/sample_maps.h"

#include <gtest/gtest.h>

#include <numeric>

#include "intr/core/error.h"

namespace intr {
namespace {

DumpFacts facts_of(std::vector<std::int32_t> heads) {
  DumpFacts facts;
  facts.layers = {3, 5};
  facts.heads = std::move(heads);
  facts.num_queries = 2;
  return facts;
}

DumpSample sample_of() {
  DumpSample sample;
  sample.grid = {1, 2};
  sample.query = {4, 9};
  return sample;
}

TEST(SampleMaps, HeadsAndTheirMean) {
  const DumpFacts facts = facts_of({0, 1});
  std::vector<float> values(16);
  std::iota(values.begin(), values.end(), 0.0F);
  const SampleMaps maps(facts, sample_of(), values);
  const auto map = maps.head(1, 0, 1);
  EXPECT_EQ(std::vector<float>(map.begin(), map.end()), (std::vector<float>{10, 11}));
  EXPECT_EQ(maps.mean(1, 0), (std::vector<float>{9, 10}));
  EXPECT_EQ(maps.single_heads(), (std::vector<std::int64_t>{0, 1}));
}

TEST(SampleMaps, AStoredMeanIsTaken) {
  const DumpFacts facts = facts_of({kHeadMean});
  const SampleMaps maps(facts, sample_of(), {0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(maps.mean(0, 1), (std::vector<float>{2, 3}));
  EXPECT_TRUE(maps.single_heads().empty());
}

TEST(SampleMaps, WrongCountsAreABug) {
  const DumpFacts facts = facts_of({0});
  EXPECT_THROW(SampleMaps(facts, sample_of(), {1, 2, 3}), InternalError);
}

TEST(SampleMaps, LayersAndSlots) {
  const DumpFacts facts = facts_of({0});
  EXPECT_EQ(find_layer(facts, -1), 1);
  EXPECT_EQ(find_layer(facts, 3), 0);
  EXPECT_THROW(find_layer(facts, 4), UsageError);
  EXPECT_EQ(slot_of_class(sample_of(), 9), 1);
  EXPECT_EQ(slot_of_class(sample_of(), 5), -1);
}

}  // namespace
}  // namespace intr
