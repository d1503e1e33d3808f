// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/measure_note.h"

#include <gtest/gtest.h>

#include "attention/markup_check.h"
#include "intr/attention/measures.h"

namespace intr {
namespace {

TEST(MeasureNote, LongestNameThatFitsHolds) {
  EXPECT_NE(measure_note("entropy"), measure_note("entropy_normalized"));
  EXPECT_EQ(measure_note("pointing_15"), measure_note("pointing_0"));
  EXPECT_EQ(measure_note("something else"), "");
  EXPECT_EQ(measure_note(""), "");
}

TEST(MeasureNote, EveryMeasureHasOne) {
  const auto is_known = [](const auto measure) {
    const MeasureFacts& facts = facts_of(measure);
    return !facts.summarized || !measure_note(facts.id).empty();
  };
  for (const MapMeasure measure : every<MapMeasure>())
    EXPECT_TRUE(is_known(measure)) << facts_of(measure).id;
  for (const SampleMeasure measure : every<SampleMeasure>())
    EXPECT_TRUE(is_known(measure)) << facts_of(measure).id;
}

TEST(MeasureNote, MeasuresOfTheNetworkRunAgainHaveOne) {
  for (const char* id :
       {"deletion_probability", "deletion_margin", "deletion_probability_normalized",
        "deletion_margin_normalized", "insertion_probability", "insertion_margin",
        "insertion_probability_normalized", "insertion_margin_normalized", "head_effect",
        "head_flips", "heads_needed", "head_kept", "value_rank_correlation",
        "value_length_rank_correlation", "value_negative_share"}) {
    EXPECT_TRUE(measure_note(id).ends_with('.')) << id;
    EXPECT_EQ(test::MarkupCheck::fault(measure_note(id)), "") << id;
  }
  EXPECT_NE(measure_note("deletion_margin"), measure_note("deletion_margin_normalized"));
  EXPECT_NE(measure_note("deletion_probability"), measure_note("insertion_probability"));
}

TEST(MeasureNote, OrdersOfCellsAreOtherBaselines) {
  EXPECT_TRUE(order_note("random").ends_with('.'));
  EXPECT_TRUE(order_note("center_prior").ends_with('.'));
  EXPECT_NE(order_note("center_prior"), baseline_note("center_prior"));
  EXPECT_EQ(order_note("uniform"), "");
}

TEST(MeasureNote, NotesAreSentencesWithoutMarkup) {
  for (const char* id :
       {"entropy", "class_contrast", "box_mass", "part_consistency", "calibration_error"}) {
    EXPECT_TRUE(measure_note(id).ends_with('.')) << id;
    EXPECT_EQ(test::MarkupCheck::fault(measure_note(id)), "");
  }
  EXPECT_TRUE(baseline_note("center_prior").ends_with('.'));
  EXPECT_EQ(baseline_note("other"), "");
}

TEST(MeasureNote, NamesAndUnitsAreForPeople) {
  EXPECT_EQ(printed_name("center_prior"), "center prior");
  EXPECT_EQ(printed_unit("x uniform"), "× uniform");
  EXPECT_EQ(printed_unit("share"), "share");
  EXPECT_EQ(printed_unit(""), "");
}

}  // namespace
}  // namespace intr
