// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/query_selection.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

using Slots = std::vector<std::int32_t>;

const std::vector<std::string> kClasses = {"ant", "bee", "cat", "dog", "elk", "fox", "gnu", "7"};
// Best first: 3 1 5 0 2 4 6 7; classes 0 and 2 are equal, the lower number goes first.
const std::vector<float> kLogits = {1, 5, 1, 9, 0.5F, 3, -1, -2};

Slots slots_of(const std::string& text, std::int32_t label) {
  return QuerySelection::parse(text, kClasses).select(rank_classes(kLogits), label);
}

TEST(QuerySelection, RanksByLogitThenByNumber) {
  EXPECT_EQ(rank_classes(kLogits), (Slots{3, 1, 5, 0, 2, 4, 6, 7}));
  EXPECT_EQ(rank_classes(std::vector<float>{2, 2, 2}), (Slots{0, 1, 2}));
}

TEST(QuerySelection, TrueClassFirstThenTheBestOthers) {
  EXPECT_EQ(slots_of("true,top:5", 6), (Slots{6, 3, 1, 5, 0, 2}));
  EXPECT_EQ(slots_of("true,top:5", 1), (Slots{1, 3, 5, 0, 2, 4}));
  EXPECT_EQ(slots_of("top:2,true", 3), (Slots{3, 1, 5}));
  EXPECT_EQ(slots_of("true", 4), (Slots{4}));
}

TEST(QuerySelection, WithoutALabelOneMoreTopClass) {
  EXPECT_EQ(slots_of("true,top:5", -1), (Slots{3, 1, 5, 0, 2, 4}));
  EXPECT_EQ(slots_of("true", -1), (Slots{3}));
}

TEST(QuerySelection, NamedAndBestAlwaysHoldsTheBest) {
  const auto slots = [](const Slots& named) {
    return QuerySelection::named_and_best(named, std::ssize(kClasses))
        .select(rank_classes(kLogits), -1);
  };
  EXPECT_EQ(slots({}), (Slots{3}));
  EXPECT_EQ(slots({6, 0}), (Slots{6, 0, 3}));
  EXPECT_EQ(slots({6, 3}), (Slots{6, 3, 1}));
  EXPECT_EQ(QuerySelection::named_and_best({0}, 1).select(rank_classes(std::vector<float>{2}), -1),
            (Slots{0}));
}

TEST(QuerySelection, NamedClassesStandBeforeTheTop) {
  EXPECT_EQ(slots_of("class:gnu,class:2,top:2", 0), (Slots{6, 2, 3, 1}));
  EXPECT_EQ(slots_of("true,class:gnu,top:1", 6), (Slots{6, 3, 1}));  // as many as for any label
  EXPECT_EQ(slots_of("class:7", 0), (Slots{7}));  // a name wins over the same number
}

TEST(QuerySelection, NeverMoreThanAllClasses) {
  EXPECT_EQ(slots_of("true,top:500", 2).size(), 8U);
  EXPECT_EQ(QuerySelection::parse("true,top:5", {"a", "b"}).num_slots(), 2);
  EXPECT_EQ(slots_of("true,all", 2), (Slots{2, 0, 1, 3, 4, 5, 6, 7}));
  EXPECT_EQ(slots_of("all", 2), (Slots{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(QuerySelection, OneSpellingForOneMeaning) {
  EXPECT_EQ(QuerySelection::parse("top:5,class:cat,true", kClasses).text(), "true,class:2,top:5");
  EXPECT_EQ(QuerySelection::parse("all,top:3", kClasses).text(), "all");
}

TEST(QuerySelection, NonsenseIsRefused) {
  for (const char* text : {"", "top", "top:0", "top:-1", "top:x", "best", "class:", "class:8",
                           "true,,", "top:1,top:2"}) {
    EXPECT_THROW(QuerySelection::parse(text, kClasses), UsageError) << text;
  }
  try {
    QuerySelection::parse("class:cta", kClasses);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'cat'"), std::string::npos);
  }
}

}  // namespace
}  // namespace intr
