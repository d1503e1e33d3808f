// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/checkpoint_manifest.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "intr/weights/checkpoint_file.h"
#include "support/damage.h"
#include "support/sample_checkpoint.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

/// A run directory with checkpoints of steps 1, 2 and 3; step 1 is the best.
class ManifestTest : public testing::Test {
 protected:
  ManifestTest() {
    make_folder(folder_);
    for (const std::int64_t step : {1, 2, 3}) {
      const std::string file = checkpoint_file_name(step);
      write_checkpoint(path(step), test::sample_checkpoint(step));
      entries_.push_back({.step = step,
                          .epoch = 0,
                          .file = file,
                          .bytes = fs::file_size(path(step)),
                          .hash = hash_file(path(step))});
    }
    entries_[0].tags = {"best", "major"};
    entries_[0].metric = 62.5;
    write_manifest(folder_, entries_);
  }
  std::string path(std::int64_t step) const { return folder_ + "/" + checkpoint_file_name(step); }

  test::TempDir run_;
  const std::string folder_ = run_ / "checkpoints";
  std::vector<ManifestEntry> entries_;
};

TEST(CheckpointName, IsBuiltAndParsed) {
  EXPECT_EQ(checkpoint_file_name(120), "ckpt-0000000120.h5");
  EXPECT_EQ(checkpoint_step("ckpt-0000000120.h5"), 120);
  for (const char* name : {"ckpt-120.h5", ".ckpt-0000000120.h5.tmp-9", "ckpt-0000000120.h5.tmp",
                           "ckpt-00000001x0.h5", "ckpt-.h5", "ckpt-.h", "last.h5", ""})
    EXPECT_EQ(checkpoint_step(name), std::nullopt) << name;
}

TEST_F(ManifestTest, HasOneTabSeparatedLineAFile) {
  const std::string text = read_file(folder_ + "/MANIFEST");
  const std::string first = "1\t0\tckpt-0000000001.h5\t" + std::to_string(entries_[0].bytes) +
                            "\t" + entries_[0].hash + "\tbest,major\t62.5\n";
  EXPECT_EQ(text.substr(0, first.size()), first);
  const auto read = read_manifest(folder_);
  ASSERT_EQ(read.size(), 3u);
  EXPECT_TRUE(read[0].tagged("best"));
  EXPECT_TRUE(read[0].tagged("major"));
  EXPECT_EQ(read[0].metric, 62.5);
  EXPECT_TRUE(read[1].tags.empty());
  EXPECT_LT(read[1].metric, 0);
}

TEST_F(ManifestTest, TornLinesAreLeftOut) {
  const std::string text = read_file(folder_ + "/MANIFEST");
  write_file(folder_ + "/MANIFEST", text.substr(0, text.size() - 20));
  EXPECT_EQ(read_manifest(folder_).size(), 2u);
  EXPECT_EQ(checkpoint_candidates(folder_).front().step, 3);  // the file is still there
}

TEST_F(ManifestTest, CandidatesAreListedAndUnlistedFilesNewestFirst) {
  fs::copy_file(path(3), folder_ + "/" + checkpoint_file_name(12));
  write_file(folder_ + "/ckpt-12.h5", "not a checkpoint name");
  const auto candidates = checkpoint_candidates(folder_);
  ASSERT_EQ(candidates.size(), 4u);
  EXPECT_EQ(candidates[0].step, 12);
  EXPECT_EQ(candidates[3].step, 1);
}

TEST_F(ManifestTest, FindTakesAFileTheBestOrTheNewestGoodOne) {
  EXPECT_EQ(find_checkpoint(path(2)), path(2));
  EXPECT_EQ(find_checkpoint(run_.path()), path(1));
  test::flip_byte(path(1), fs::file_size(path(1)) / 2);
  EXPECT_EQ(find_checkpoint(run_.path()), path(3));
  test::cut(path(3), 1000);
  EXPECT_EQ(find_checkpoint(run_.path()), path(2));
  fs::remove(path(2));
  EXPECT_THROW(find_checkpoint(run_.path()), DataError);
  EXPECT_THROW(find_checkpoint(run_ / "nothing"), DataError);
}

TEST_F(ManifestTest, AFolderWithoutCheckpointsIsADataError) {
  make_folder(run_ / "empty");
  EXPECT_THROW(find_checkpoint(run_ / "empty"), DataError);
}

}  // namespace
}  // namespace intr
