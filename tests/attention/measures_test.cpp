// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/measures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

namespace intr {
namespace {

TEST(Measures, EachHasItsOwnIdAndSaysWhatItIs) {
  std::set<std::string> ids;
  const auto check = [&](const MeasureFacts& facts) {
    EXPECT_TRUE(ids.insert(facts.id).second) << facts.id;
    EXPECT_FALSE(std::string(facts.definition).empty()) << facts.id;
    EXPECT_GE(facts.version, 1);
  };
  for (const MapMeasure measure : every<MapMeasure>()) check(facts_of(measure));
  for (const SampleMeasure measure : every<SampleMeasure>()) check(facts_of(measure));
}

TEST(Measures, NumbersAreNanUntilTheyAreSet) {
  PerMeasure<MapMeasure> values;
  values[MapMeasure::kPeak] = 0.5;
  EXPECT_EQ(values[MapMeasure::kPeak], 0.5);
  EXPECT_TRUE(std::isnan(values[MapMeasure::kEntropy]));
}

}  // namespace
}  // namespace intr
