// SPDX-License-Identifier: Apache-2.0
#include "intr/train/split_data.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/comm/mpi_environment.h"
#include "intr/comm/self_communicator.h"
#include "intr/core/error.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class SplitDataTest : public testing::Test {
 protected:
  SplitDataTest() {
    // One folder for all ranks: rank 0's.
    std::string path = folder_.path();
    path = communicator_->broadcast_text(path, 0, {.section = "test"});
    set_ = path + "/set";
    stage_ = path + "/stage";
    if (mpi_.rank() == 0) test::make_tiny_set(set_);
    communicator_->barrier({.section = "test"});
  }
  ~SplitDataTest() override { communicator_->barrier({.section = "test"}); }

  test::TempDir folder_;
  MpiEnvironment mpi_;
  std::unique_ptr<Communicator> communicator_ = make_communicator("auto", mpi_);
  std::string set_, stage_;
};

TEST_F(SplitDataTest, EveryRankReadsTheSamePictures) {
  const SplitData data(set_, "train", {}, {}, *communicator_);
  const DataIndex expected = DataIndex::open(set_, "train");
  const ShardReader reader(expected);
  ASSERT_EQ(data.index().size(), expected.size());
  EXPECT_EQ(data.index().classes(), expected.classes());
  for (std::int64_t row = 0; row < expected.size(); ++row) {
    EXPECT_EQ(data.index().sample_id(row), expected.sample_id(row));
    EXPECT_EQ(data.index().label(row), expected.label(row));
    EXPECT_EQ(data.reader().read(row), reader.read(row));
  }
  const SplitData whole(set_, "val", {}, {}, *communicator_, true);
  EXPECT_TRUE(whole.index().has_all_columns());
}

TEST_F(SplitDataTest, CopiesOnTheNodeGoAtTheNormalEnd) {
  ReadingOptions options;
  options.stage = stage_;
  ComputePlace place;
  place.local_rank = mpi_.local_rank();
  SplitData data(set_, "train", options, place, *communicator_);
  for (std::int64_t row = 0; row < data.index().size(); ++row)
    EXPECT_FALSE(data.reader().read(row).empty());
  communicator_->barrier({.section = "test"});
  data.finish();
  communicator_->barrier({.section = "test"});
  std::error_code ignored;
  std::int64_t left = 0;
  for (fs::recursive_directory_iterator at(stage_, ignored), end; at != end; at.increment(ignored))
    if (at->path().extension() == ".h5") ++left;
  EXPECT_EQ(left, 0);
}

TEST_F(SplitDataTest, AMissingSetIsBadData) {
  if (mpi_.rank() == 0) {
    SelfCommunicator alone("node");
    EXPECT_THROW(SplitData("nowhere", "train", {}, {}, alone), DataError);
  }
}

}  // namespace
}  // namespace intr
