// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_scale.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

const ShownMap kPlain{"", {0.1F, 0.5F}};
const ShownMap kHigher{"", {0.9F, 0.1F}};
const ShownMap kDifference{"", {-0.25F, 0.1F}, true};
const std::vector<ShownMap> kAll = {kPlain, kHigher, kDifference};

DumpFacts facts_of_dump() {
  DumpFacts facts;
  facts.peak_p99 = 7;
  facts.contrast_p99 = 3;
  facts.rollout_p99 = 5;
  facts.value_p99 = 11;
  return facts;
}

double scale(const std::string& name, const ShownMap& map, MapField field = MapField::kMap) {
  const DumpFacts facts = facts_of_dump();
  return OverlayScale(facts, {.scale = name}, field).of({1, 2}, kAll, map);
}

TEST(OverlayScale, SharedIsThatOfTheDump) {
  EXPECT_EQ(scale("shared", kPlain), 7);
  EXPECT_EQ(scale("shared", kDifference), 3);
  EXPECT_EQ(scale("shared", kPlain, MapField::kRollout), 5);
  EXPECT_EQ(scale("shared", kPlain, MapField::kValue), 11);
}

TEST(OverlayScale, AttentionCountsAsMultiplesOfUniformAttention) {
  EXPECT_EQ(scale("map", kPlain), 2 * 0.5);
  EXPECT_EQ(scale("map", kDifference), 2 * 0.25);
  EXPECT_EQ(scale("map", kPlain, MapField::kValue), 0.5);
  EXPECT_EQ(scale("fixed:2.5", kPlain), 2.5);
}

TEST(OverlayScale, DifferencesAreMeasuredAgainstDifferences) {
  EXPECT_FLOAT_EQ(static_cast<float>(scale("sample", kPlain)), 2 * 0.9F);
  EXPECT_EQ(scale("sample", kDifference), 2 * 0.25);
}

TEST(OverlayScale, SignedMapsAreMeasuredByTheirLargestValue) {
  DumpFacts facts = facts_of_dump();
  facts.is_signed = true;
  const ShownMap map{"", {0.25F, -0.5F}, true};
  const std::vector<ShownMap> all = {map};
  const auto scale_of = [&](const std::string& name) {
    return OverlayScale(facts, {.scale = name}, MapField::kMap).of({1, 2}, all, map);
  };
  EXPECT_EQ(scale_of("shared"), 7);
  EXPECT_EQ(scale_of("map"), 0.5);
  EXPECT_EQ(scale_of("sample"), 0.5);
  EXPECT_EQ(scale_of("fixed:0.125"), 0.125);
  EXPECT_EQ(OverlayScale(facts, {}, MapField::kMap).unit({1, 2}), 1);
  EXPECT_EQ(OverlayScale(facts, {}, MapField::kMap).end_text(0.0123456), "0.0123");
}

TEST(OverlayScale, Texts) {
  const DumpFacts facts = facts_of_dump();
  EXPECT_EQ(OverlayScale(facts, {}, MapField::kMap).end_text(12.345), "12.3 x uniform");
  EXPECT_EQ(OverlayScale(facts, {}, MapField::kValue).end_text(12.345), "12.3");
  EXPECT_TRUE(OverlayScale(facts, {}, MapField::kMap).is_one_for_all());
  EXPECT_FALSE(OverlayScale(facts, {.scale = "map"}, MapField::kMap).is_one_for_all());
}

}  // namespace
}  // namespace intr
