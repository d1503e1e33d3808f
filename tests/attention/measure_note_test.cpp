// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/measure_note.h"

#include <gtest/gtest.h>

#include "attention/markup_check.h"

namespace intr {
namespace {

TEST(MeasureNote, LongestNameThatFitsHolds) {
  EXPECT_NE(measure_note("entropy"), measure_note("entropy_normalized"));
  EXPECT_EQ(measure_note("pointing_15"), measure_note("pointing_0"));
  EXPECT_EQ(measure_note("something else"), "");
  EXPECT_EQ(measure_note(""), "");
}

TEST(MeasureNote, NotesAreSentencesWithoutMarkup) {
  for (const char* id : {"entropy", "class_contrast", "mass_in_box", "consistency"}) {
    EXPECT_TRUE(measure_note(id).ends_with('.')) << id;
    EXPECT_EQ(test::MarkupCheck::fault(measure_note(id)), "");
  }
  EXPECT_TRUE(baseline_note("center_prior").ends_with('.'));
  EXPECT_EQ(baseline_note("other"), "");
}

TEST(MeasureNote, NamesGetBlanks) { EXPECT_EQ(printed_name("center_prior"), "center prior"); }

}  // namespace
}  // namespace intr
