// SPDX-License-Identifier: Apache-2.0
// A checkpoint that is damaged anywhere is passed over for the one before it, by name, whether or
// not MANIFEST tells what it should be.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "intr/io/file_seal.h"
#include "intr/io/hdf5.h"
#include "intr/train/checkpoint_store.h"
#include "support/damage.h"
#include "support/sample_checkpoint.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

/// What tells what the newest file should be.
enum class List { kWhole, kMissing, kTornLine };

/// A run with checkpoints of steps 1 and 2 of three small tensors.
class DamagedCheckpointsTest : public testing::TestWithParam<List> {
 protected:
  DamagedCheckpointsTest() {
    CheckpointStore store(folder_, 5);
    for (const std::int64_t step : {1, 2}) store.save(test::sample_checkpoint(step));
    if (GetParam() == List::kMissing) fs::remove(manifest_);
    if (GetParam() == List::kTornLine) test::cut(manifest_, fs::file_size(manifest_) - 20);
  }
  std::string path(std::int64_t step) const { return folder_ + "/" + checkpoint_file_name(step); }
  /// The step that a run would go on from; what is said of others is kept in `said_`.
  std::int64_t newest() {
    testing::internal::CaptureStderr();
    const auto loaded = CheckpointStore(folder_, 5).load_newest();
    said_ = testing::internal::GetCapturedStderr();
    return loaded ? loaded->checkpoint.step : -1;
  }
  void expect_fallback() {
    ASSERT_EQ(newest(), 1);
    ASSERT_NE(said_.find(path(2)), std::string::npos) << said_;
    ASSERT_NE(said_.find("going back to the checkpoint before it"), std::string::npos) << said_;
  }
  /// Puts a whole file of another format version in place of a checkpoint's.
  void make_of_version(std::int64_t step, std::uint16_t major) {
    hdf5::File file = hdf5::File::create(path(step));
    file.set_text("/", "format", kCheckpointFormat);
    file.set_numbers<std::uint16_t>("/", "format_version", {major, 0});
    file.close();
    seal_file(path(step));
    std::vector<ManifestEntry> entries = read_manifest(folder_);
    for (ManifestEntry& entry : entries) {
      entry.bytes = fs::file_size(folder_ + "/" + entry.file);
      entry.hash = hash_file(folder_ + "/" + entry.file);
    }
    write_manifest(folder_, entries);
  }

  test::TempDir run_;
  const std::string folder_ = run_ / "checkpoints";
  const std::string manifest_ = folder_ + "/MANIFEST";
  std::string said_;
};

TEST_P(DamagedCheckpointsTest, WithoutDamageTheNewestIsTaken) { EXPECT_EQ(newest(), 2); }

TEST_P(DamagedCheckpointsTest, EachOfAThousandFlippedBitsIsFound) {
  constexpr std::uint64_t kFlips = 1000;
  const std::uint64_t bits = 8 * fs::file_size(path(2));
  for (std::uint64_t i = 0; i < kFlips; ++i) {
    const std::uint64_t bit = i * bits / kFlips + i * 7919 % (bits / kFlips);  // one in each part
    test::flip_bit(path(2), bit);
    expect_fallback();
    if (HasFatalFailure()) FAIL() << "bit " << bit;
    test::flip_bit(path(2), bit);
  }
  EXPECT_EQ(newest(), 2);
}

/// HDF5's own structure lies at the beginning, where a flip could crash its reader.
TEST_P(DamagedCheckpointsTest, EachBitOfTheFirstBytesIsFound) {
  for (std::uint64_t bit = 0; bit < 8 * 96; ++bit) {
    test::flip_bit(path(2), bit);
    expect_fallback();
    if (HasFatalFailure()) FAIL() << "bit " << bit;
    test::flip_bit(path(2), bit);
  }
}

TEST_P(DamagedCheckpointsTest, EachCutIsFound) {
  const std::string whole = read_file(path(2));
  for (std::size_t part = 0; part < 64; ++part) {
    write_file(path(2), whole.substr(0, whole.size() * part / 64));
    expect_fallback();
    if (HasFatalFailure()) FAIL() << "cut after " << part << "/64";
  }
  write_file(path(2), whole + "more");
  expect_fallback();
  write_file(path(2), whole);
  EXPECT_EQ(newest(), 2);
}

TEST_P(DamagedCheckpointsTest, AWrongVersionIsPassedOver) {
  make_of_version(2, kCheckpointMajor + 1);
  expect_fallback();
  EXPECT_NE(said_.find("format 2.0, this program reads 1.x"), std::string::npos) << said_;
}

TEST_P(DamagedCheckpointsTest, AllDamagedIsADataErrorThatNamesEach) {
  for (const std::int64_t step : {1, 2}) test::flip_bit(path(step), 8 * 5000);
  try {
    static_cast<void>(CheckpointStore(folder_, 5).load_newest());
    FAIL() << "a damaged checkpoint was taken";
  } catch (const DataError& error) {
    for (const std::string& part : {path(1), path(2), std::string("--fresh")})
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST_P(DamagedCheckpointsTest, NothingWaitsForTheFileThatAListNames) {
  fs::remove(path(2));
  EXPECT_EQ(newest(), 1);
  EXPECT_EQ(said_.find(path(2)) == std::string::npos, GetParam() != List::kWhole) << said_;
}

std::string name_of_list(const testing::TestParamInfo<List>& info) {
  if (info.param == List::kWhole) return "ManifestWhole";
  return info.param == List::kMissing ? "ManifestMissing" : "ManifestTorn";
}
INSTANTIATE_TEST_SUITE_P(With, DamagedCheckpointsTest,
                         testing::Values(List::kWhole, List::kMissing, List::kTornLine),
                         name_of_list);

}  // namespace
}  // namespace intr
