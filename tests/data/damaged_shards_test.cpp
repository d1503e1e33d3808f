// SPDX-License-Identifier: Apache-2.0
// Shards whose bytes are good HDF5 but say something that cannot be: always an error that names the
// shard, never a crash. Cut files and flipped bytes are in shard_reader_test.
#include <gtest/gtest.h>
#include <hdf5.h>

#include <filesystem>
#include <limits>

#include "intr/core/error.h"
#include "intr/data/shard_reader.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class DamagedShardsTest : public testing::Test {
 protected:
  DamagedShardsTest() { test::make_tiny_set(set_, {.num_shards = 2}); }

  std::string shard(int number) const {
    return set_ + "/train-0000" + std::to_string(number) + "-of-00002.h5";
  }
  /// Changes one element of a data set in place.
  template <class Value>
  void change(const char* name, hid_t type, hsize_t place, Value value) const {
    const hid_t file = H5Fopen(shard(0).c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t data = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t space = H5Dget_space(data);
    const hsize_t count = 1;
    H5Sselect_hyperslab(space, H5S_SELECT_SET, &place, nullptr, &count, nullptr);
    const hid_t one = H5Screate_simple(1, &count, nullptr);
    EXPECT_GE(H5Dwrite(data, type, one, space, H5P_DEFAULT, &value), 0) << name;
    H5Sclose(one);
    H5Sclose(space);
    H5Dclose(data);
    H5Fclose(file);
  }
  void change_attribute(const char* name, std::uint64_t value) const {
    const hid_t file = H5Fopen(shard(0).c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    EXPECT_GE(H5Awrite(attribute, H5T_NATIVE_UINT64, &value), 0) << name;
    H5Aclose(attribute);
    H5Fclose(file);
  }
  std::string refusal() const {
    try {
      const DataIndex index = DataIndex::open(set_, "train");
      const ShardReader reader(index);
      for (std::int64_t row = 0; row < index.size(); ++row) static_cast<void>(reader.decode(row));
    } catch (const DataError& error) {
      return error.what();
    }
    return "read";
  }
  void expect_refused(const char* what) const {
    EXPECT_NE(refusal().find("train-0000"), std::string::npos) << what << ": " << refusal();
  }
  test::TempDir folder_;
  std::string set_ = folder_ / "set";
};

TEST_F(DamagedShardsTest, ShardsThatChangedPlaces) {
  EXPECT_EQ(refusal(), "read");
  fs::rename(shard(0), shard(0) + ".x");
  fs::rename(shard(1), shard(0));
  fs::rename(shard(0) + ".x", shard(1));
  expect_refused("swapped");
}

TEST_F(DamagedShardsTest, AShardThatIsNotThere) {
  fs::remove(shard(1));
  expect_refused("missing");
}

TEST_F(DamagedShardsTest, OffsetsThatFallOrLeadOutOfTheFile) {
  change("/offset", H5T_NATIVE_UINT64, 2, std::uint64_t{1});
  expect_refused("falling");
  change("/offset", H5T_NATIVE_UINT64, 2, std::numeric_limits<std::uint64_t>::max());
  expect_refused("beyond the end");
}

TEST_F(DamagedShardsTest, LabelsThatNoClassHas) {
  for (const std::int32_t label : {-1, 3, std::numeric_limits<std::int32_t>::max()}) {
    change("/label", H5T_NATIVE_INT32, 1, label);
    expect_refused("label");
  }
}

TEST_F(DamagedShardsTest, PathsThatLeadOut) {
  for (hsize_t i = 0; i < 3; ++i) change("/path", H5T_NATIVE_UINT8, i, std::uint8_t("../"[i]));
  expect_refused("path");
}

TEST_F(DamagedShardsTest, CountsThatCannotBe) {
  for (const std::uint64_t count :
       {std::uint64_t{0}, std::uint64_t{1} << 40, std::numeric_limits<std::uint64_t>::max()}) {
    change_attribute("num_samples", count);
    expect_refused("num_samples");
  }
}

TEST_F(DamagedShardsTest, SizesThatThePictureHasNot) {
  change("/width", H5T_NATIVE_UINT32, 0, std::uint32_t{4'000'000'000});
  expect_refused("width");
}

}  // namespace
}  // namespace intr
