// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_caption.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

DumpFacts facts_of_dump() {
  DumpFacts facts;
  facts.classes = {"ant", "bee", "cat"};
  return facts;
}

DumpSample sample_of(std::int32_t label) {
  DumpSample sample;
  sample.label = label;
  sample.true_rank = label < 0 ? -1 : label == 1 ? 0 : 2;
  sample.top_class = {1, 2, 0};
  sample.top_logit = {2, 1.5F, 0};
  sample.log_z = 2;
  return sample;
}

TEST(OverlayCaption, SaysWhatTheModelSaid) {
  const DumpFacts facts = facts_of_dump();
  EXPECT_EQ(caption_of(facts, sample_of(1), "x").title, "bee: right");
  EXPECT_EQ(caption_of(facts, sample_of(1), "x").detail, "p 100.0 %, margin 0.50 | x");
  EXPECT_EQ(caption_of(facts, sample_of(0), "x").title, "ant: taken for bee");
  EXPECT_EQ(caption_of(facts, sample_of(0), "x").detail,
            "p 100.0 %, margin 0.50, true class on rank 3 | x");
  EXPECT_EQ(caption_of(facts, sample_of(-1), "x").title, "predicted bee");
}

TEST(OverlayCaption, SaysWhoseMapsTheseAre) {
  const DumpFacts facts = facts_of_dump();
  const OverlayQuery query{"true", 0, 0, 1, 2};
  EXPECT_EQ(text_of_query(facts, {}, query), "query: ant (true)");
  EXPECT_EQ(text_of_query(facts, {.map = "contrast"}, query), "query: ant (true) minus cat");
  EXPECT_EQ(text_of_query(facts, {.map = "rollout"}, query),
            "query: ant (true), through the encoder");
  EXPECT_EQ(text_of_query(facts, {.map = "value"}, query), "length of value vectors");
  DumpFacts of_signed_maps = facts;
  of_signed_maps.is_signed = true;
  EXPECT_EQ(text_of_query(of_signed_maps, {}, query), "attribution to ant (true)");
}

}  // namespace
}  // namespace intr
