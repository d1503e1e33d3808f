// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/selection.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

/// Ten samples with ids 10, 13, … 37 and labels 0, 1, 2, 0, …, the last one without; every other
/// one, from the first, is right.
class Selection : public ::testing::Test {
 protected:
  Selection() : reader_(open(folder_.path() + "/dump")) {}
  static MapReader open(const std::string& path) {
    test::SyntheticDump dump;
    dump.num_samples = 10;
    test::write_synthetic_dump(path, dump);
    return MapReader::open(path);
  }
  std::vector<std::int64_t> select(const SelectionOptions& options) const {
    return select_rows(reader_, options);
  }
  std::string refusal(const SelectionOptions& options) const {
    try {
      select(options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "selected";
  }

  test::TempDir folder_;
  MapReader reader_;
};

using Rows = std::vector<std::int64_t>;

TEST_F(Selection, EverythingByDefault) { EXPECT_EQ(select({}).size(), 10u); }

TEST_F(Selection, RepeatsUniteAndKindsIntersect) {
  EXPECT_EQ(select({.classes = {"ant"}}), (Rows{0, 3, 6}));
  EXPECT_EQ(select({.classes = {"ant", "1"}}), (Rows{0, 1, 3, 4, 6, 7}));
  EXPECT_EQ(select({.samples = {"10-16", "37"}}), (Rows{0, 1, 2, 9}));
  EXPECT_EQ(select({.classes = {"bee"}, .samples = {"10-25"}}), (Rows{1, 4}));
}

TEST_F(Selection, RightAndWrong) {
  EXPECT_EQ(select({.wrong_only = true}), (Rows{1, 3, 5, 7}));
  EXPECT_EQ(select({.correct_only = true}), (Rows{0, 2, 4, 6, 8}));
}

TEST_F(Selection, LimitSpreads) {
  EXPECT_EQ(select({.limit = 3}), (Rows{0, 3, 6}));
  EXPECT_EQ(select({.limit = 100}).size(), 10u);
}

TEST_F(Selection, ConfusedPairs) {
  // Samples 1, 3, 5, 7 are wrong: each was taken for the next class.
  EXPECT_EQ(select({.confused = {"bee,cat"}}), (Rows{1, 7}));
  EXPECT_EQ(select({.confused = {"bee,cat", "0,1"}}), (Rows{1, 3, 7}));
  EXPECT_EQ(select({.samples = {"10-20"}, .confused = {"bee,cat"}}), (Rows{1}));
  const std::string empty = refusal({.confused = {"cat,bee"}});
  EXPECT_NE(empty.find("0 fit --confused"), std::string::npos) << empty;
  EXPECT_NE(refusal({.confused = {"bee,cta"}}).find("did you mean 'cat'"), std::string::npos);
}

TEST_F(Selection, RandomThenSortThenLimit) {
  const Rows drawn = select({.wrong_only = true, .random = 2, .seed = 5});
  EXPECT_EQ(drawn.size(), 2u);
  for (const std::int64_t row : drawn) EXPECT_EQ(row % 2, 1);
  EXPECT_EQ(select({.wrong_only = true, .random = 2, .seed = 5}), drawn);
  EXPECT_EQ(select({.wrong_only = true, .limit = 1, .random = 2, .seed = 5}), (Rows{drawn[0]}));
  // All margins are equal here, so that ids decide; the first are kept, not every third.
  EXPECT_EQ(select({.limit = 3, .sort = "margin"}), (Rows{0, 1, 2}));
}

TEST_F(Selection, IsNamedAsItWasTyped) {
  EXPECT_EQ(selection_text({}), "");
  EXPECT_EQ(selection_text({.seed = 3, .sort = "margin"}), "");  // nothing is left out
  const SelectionOptions some{.classes = {"bee"}, .wrong_only = true, .limit = 5, .random = 9};
  const std::string text = selection_text(some);
  EXPECT_NE(text.find("bee"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(" --wrong-only --random 9 --seed 0 --limit 5 --sort id")) << text;
}

TEST_F(Selection, RefusalsSayWhatToDo) {
  EXPECT_NE(refusal({.classes = {"aunt"}}).find("did you mean 'ant'"), std::string::npos);
  EXPECT_NE(refusal({.classes = {"7"}}).find("no class '7'"), std::string::npos);
  EXPECT_NE(refusal({.samples = {"x"}}).find("range A-B"), std::string::npos);
  EXPECT_NE(refusal({.samples = {"9-3"}}).find("range A-B"), std::string::npos);
  const std::string empty = refusal({.wrong_only = true, .correct_only = true});
  EXPECT_NE(empty.find("4 fit --wrong-only, 5 fit --correct-only"), std::string::npos) << empty;
  EXPECT_NE(refusal({.limit = -1}).find("--limit"), std::string::npos);
  EXPECT_NE(refusal({.random = -1}).find("--random"), std::string::npos);
  EXPECT_NE(refusal({.seed = -1}).find("--seed"), std::string::npos);
  EXPECT_NE(refusal({.sort = "name"}).find("--sort"), std::string::npos);
}

}  // namespace
}  // namespace intr
