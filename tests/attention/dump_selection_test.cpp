// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_selection.h"

#include <gtest/gtest.h>

#include <memory>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

/// 11 pictures with ids 0, 3, …, 30.
class DumpSelectionTest : public testing::Test {
 protected:
  void SetUp() override {
    test::TinySet small;
    small.samples = {{"val", 11}};
    small.id_step = 3;
    test::make_tiny_set(dir_ / "set", small);
    index_ = std::make_unique<DataIndex>(DataIndex::open(dir_ / "set", "val"));
  }
  std::vector<std::int64_t> selected() const {
    std::vector<std::int64_t> ids;
    for (const std::int64_t row : select_rows(*index_, choice_))
      ids.push_back(index_->sample_id(row));
    return ids;
  }

  test::TempDir dir_;
  std::unique_ptr<DataIndex> index_;
  SampleChoice choice_;
};

TEST_F(DumpSelectionTest, KindsIntersectAndRepeatsUnite) {
  choice_.classes = {"finch"};  // label = number modulo 3
  EXPECT_EQ(selected(), (std::vector<std::int64_t>{3, 12, 21, 30}));
  choice_.classes = {"finch", "2"};
  choice_.samples = {"0-14", "30"};
  EXPECT_EQ(selected(), (std::vector<std::int64_t>{3, 6, 12, 30}));
  choice_.limit = 2;
  EXPECT_EQ(selected(), (std::vector<std::int64_t>{3, 6}));
  for (const char* none : {"1", "9-3", "x", "3-", "-3"}) {
    choice_.samples = {none};
    EXPECT_THROW(selected(), UsageError) << none;
  }
  choice_.samples = {};
  choice_.classes = {"sparrow"};
  EXPECT_THROW(selected(), UsageError);
}

TEST_F(DumpSelectionTest, AListOfIdsAndPaths) {
  choice_.include = dir_ / "list.txt";
  write_file(choice_.include, "27\r\n\n" + index_->path(2) + "\n27\n3");
  EXPECT_EQ(selected(), (std::vector<std::int64_t>{3, 6, 27}));
  choice_.classes = {"finch"};
  EXPECT_EQ(selected(), (std::vector<std::int64_t>{3}));
  write_file(choice_.include, "3\nheron/none.png\n");
  try {
    selected();
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("line 2: 'heron/none.png'"), std::string::npos)
        << error.what();
  }
  write_file(choice_.include, "4\n");  // no sample has this id
  EXPECT_THROW(selected(), DataError);
  write_file(choice_.include, "");
  EXPECT_THROW(selected(), UsageError);
  choice_.include = dir_ / "nothing.txt";
  EXPECT_THROW(selected(), DataError);
}

TEST_F(DumpSelectionTest, TheTextTellsSelectionsApart) {
  EXPECT_EQ(describe_selection(*index_, select_rows(*index_, choice_)), "all");
  EXPECT_NE(describe_selection({3, 6}), describe_selection({3, 9}));
  EXPECT_TRUE(describe_selection({3, 6}).starts_with("2 samples, "));
  EXPECT_EQ(describe_selection(*index_, {1, 2}), describe_selection({3, 6}));
}

}  // namespace
}  // namespace intr
