// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_query.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

/// True class 2, taken for 1; the classes 2, 1 and 0 are stored, 3 is not.
DumpSample wrong_sample() {
  DumpSample sample;
  sample.label = 2;
  sample.query = {2, 1, 0};
  sample.top_class = {1, 3, 2, 0};
  sample.top_logit = {3, 2, 1, 0};
  return sample;
}

std::vector<OverlayQuery> queries(const OverlayOptions& options,
                                  const DumpSample& sample = wrong_sample()) {
  DumpFacts facts;
  facts.classes = {"ant", "bee", "cat", "dog"};
  return QueryChoice(facts, options).of(sample);
}

TEST(OverlayQuery, Words) {
  EXPECT_EQ(queries({.query = "true"})[0].class_index, 2);
  EXPECT_EQ(queries({.query = "predicted"})[0].slot, 1);
  EXPECT_EQ(queries({.query = "ant"})[0].name, "class0");
  EXPECT_EQ(queries({.query = "ant"})[0].slot, 2);
  const auto all = queries({.query = "all"});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].name, "class1");
  EXPECT_EQ(all[1].slot, 1);
}

TEST(OverlayQuery, ValueMapsBelongToNone) {
  const auto none = queries({.map = "value", .query = "all"});
  ASSERT_EQ(none.size(), 1U);
  EXPECT_EQ(none[0].name, "");
}

TEST(OverlayQuery, ComparisonsAreWithTheBestOtherClass) {
  for (const OverlayOptions& options :
       {OverlayOptions{.map = "contrast"}, OverlayOptions{.layout = "contrast"}}) {
    EXPECT_EQ(queries(options)[0].other_class, 1);
    EXPECT_EQ(queries(options)[0].other_slot, 1);
  }
  EXPECT_EQ(queries({})[0].other_slot, -1);
  // The best other class of the predicted one is the dog, of which there is no map.
  EXPECT_THROW(queries({.layout = "contrast", .query = "predicted"}), DataError);
}

TEST(OverlayQuery, WhatIsNotStored) {
  EXPECT_THROW(queries({.query = "dog"}), DataError);
  EXPECT_THROW(queries({.query = "dgo"}), UsageError);
}

}  // namespace
}  // namespace intr
