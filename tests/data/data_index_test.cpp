// SPDX-License-Identifier: Apache-2.0
#include "intr/data/data_index.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/data/manifest.h"
#include "intr/io/atomic_file.h"
#include "intr/io/hdf5.h"
#include "intr/io/json_file.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

/// The message of the DataError that opening a split throws.
std::string refusal(const std::string& set, const std::string& split = "train") {
  try {
    DataIndex::open(set, split);
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

class DataIndexTest : public testing::Test {
 protected:
  DataIndexTest() { test::make_tiny_set(set, {.id_step = 2}); }
  /// Changes the manifest.
  template <class Change>
  void edit(Change change) {
    auto json = read_json(set + "/dataset.json");
    change(json);
    write_json(set + "/dataset.json", json);
  }
  test::TempDir folder;
  std::string set = folder / "set";
};

TEST_F(DataIndexTest, KnowsEverySample) {
  const DataIndex index = DataIndex::open(set, "train");
  EXPECT_EQ(index.size(), 12);
  EXPECT_EQ(index.classes(), (std::vector<std::string>{"crow", "finch", "heron"}));
  EXPECT_EQ(index.shards().size(), 2u);
  EXPECT_EQ(index.sample_id(5), 10);
  EXPECT_EQ(index.label(5), 2);
  EXPECT_EQ(index.path(5), "heron/5.png");
  EXPECT_EQ(index.image_size(5), (ImageSize{30, 30}));
  EXPECT_EQ(index.shard_of(5), 0);
  EXPECT_EQ(index.shard_of(6), 1);
  EXPECT_EQ(index.begin(6), 0u);
  EXPECT_EQ(index.begin(7), index.length(6));
  EXPECT_EQ(index.find(10), 5);
  EXPECT_EQ(index.find(9), -1);
  EXPECT_EQ(index.find(-1), -1);
  EXPECT_EQ(index.find(24), -1);
}

TEST_F(DataIndexTest, SaysWhatIsMissing) {
  EXPECT_NE(refusal(folder / "none").find("no such folder"), std::string::npos);
  EXPECT_NE(refusal(folder.path()).find("dataset.json is missing"), std::string::npos);
  EXPECT_NE(refusal(set, "test").find("choose one of: train, val"), std::string::npos);
  std::filesystem::remove(set + "/train.index.h5");
  EXPECT_NE(refusal(set).find("train.index.h5"), std::string::npos);
}

TEST_F(DataIndexTest, RefusesADamagedIndex) {
  test::flip_byte(set + "/train.index.h5", std::filesystem::file_size(set + "/train.index.h5") / 2);
  EXPECT_NE(refusal(set), "no error");
}

TEST_F(DataIndexTest, RefusesTheIndexOfAnotherSet) {
  test::make_tiny_set(folder / "other", {.samples = {{"train", 9}}});
  std::filesystem::copy_file(folder / "other/train.index.h5", set + "/train.index.h5",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(refusal(set).find("its hash is"), std::string::npos);
}

TEST_F(DataIndexTest, RefusesAnotherMajorVersionNamingBoth) {
  edit([](auto& json) { json["format_version"] = {2, 0}; });
  EXPECT_NE(refusal(set).find("format version is 2.0, this program reads 1.x"), std::string::npos);
}

TEST_F(DataIndexTest, ReadsLaterMinorVersionsWithUnknownFields) {
  edit([](auto& json) {
    json["format_version"] = {1, 7};
    json["new_field"] = "of a later version";
  });
  EXPECT_EQ(DataIndex::open(set, "train").size(), 12);
}

TEST_F(DataIndexTest, RefusesAManifestChangedByHand) {
  edit([](auto& json) { json["splits"]["train"]["samples"] = 11; });
  EXPECT_NE(refusal(set).find("number of samples is 12, dataset.json says 11"), std::string::npos);
  edit([](auto& json) { json["splits"]["train"]["shards"][0]["file"] = "../x"; });
  EXPECT_NE(refusal(set).find("no plain file name"), std::string::npos);
  edit([](auto& json) { json.erase("splits"); });
  EXPECT_NE(refusal(set).find("'splits' is missing"), std::string::npos);
  write_file(set + "/dataset.json", "{");
  EXPECT_NE(refusal(set).find("no JSON"), std::string::npos);
}

TEST_F(DataIndexTest, RefusesWhatAManifestCannotMean) {
  edit([](auto& json) { json["splits"]["train"]["index"]["file"] = ".."; });
  EXPECT_NE(refusal(set).find("no plain file name"), std::string::npos);
  edit([](auto& json) { json["splits"]["train"]["index"]["file"] = "train.index.h5"; });
  for (const std::int32_t label : {-1, 3}) {
    edit([&](auto& json) { json["splits"]["train"]["shards"][0]["label_map"] = {0, 1, label}; });
    EXPECT_NE(refusal(set).find("what it says of train-00000-of-00002.h5 cannot be"),
              std::string::npos);
  }
}

TEST_F(DataIndexTest, ReadsAFileImageInMemoryAlike) {
  const std::string image = read_file(set + "/train.index.h5");
  const Manifest manifest = Manifest::read(set);
  const DataIndex index = DataIndex::parse(set, manifest, "train", std::as_bytes(std::span(image)));
  EXPECT_EQ(index.to_bytes(), DataIndex::open(set, "train").to_bytes());
  const std::string cut = image.substr(0, image.size() / 2);
  EXPECT_THROW(DataIndex::parse(set, manifest, "train", std::as_bytes(std::span(cut))), DataError);
}

TEST_F(DataIndexTest, GivesOtherRanksAllButThePaths) {
  const DataIndex whole = DataIndex::open(set, "train");
  const std::string bytes = whole.to_bytes();
  EXPECT_EQ(bytes.find("heron/5.png"), std::string::npos);
  const DataIndex index = DataIndex::from_bytes(bytes);
  EXPECT_FALSE(index.has_all_columns());
  ASSERT_EQ(index.size(), whole.size());
  EXPECT_EQ(index.set(), set);
  EXPECT_EQ(index.classes(), whole.classes());
  for (std::int64_t row = 0; row < whole.size(); ++row) {
    EXPECT_EQ(index.sample_id(row), whole.sample_id(row));
    EXPECT_EQ(index.label(row), whole.label(row));
    EXPECT_EQ(index.hash(row), whole.hash(row));
    EXPECT_EQ(index.image_size(row), whole.image_size(row));
    EXPECT_EQ(index.shard_of(row), whole.shard_of(row));
    EXPECT_EQ(index.begin(row), whole.begin(row));
    EXPECT_EQ(index.length(row), whole.length(row));
    EXPECT_EQ(index.path(row), whole.path(row)) << "looked up in the file";
  }
  std::filesystem::remove(set + "/train.index.h5");
  EXPECT_EQ(index.path(3), "unknown path");
  EXPECT_THROW(DataIndex::from_bytes(bytes.substr(0, bytes.size() - 1)), InternalError);
  EXPECT_THROW(DataIndex::from_bytes(bytes + "x"), InternalError);
  EXPECT_THROW(DataIndex::from_bytes("short"), InternalError);
}

TEST(DataIndexSize, OtherRanksHoldFewBytesASample) {
  const test::TempDir folder;
  test::make_tiny_set(folder / "few", {.samples = {{"train", 100}}});
  test::make_tiny_set(folder / "more", {.samples = {{"train", 300}}});
  const std::size_t few = DataIndex::open(folder / "few", "train").to_bytes().size();
  const std::size_t more = DataIndex::open(folder / "more", "train").to_bytes().size();
  EXPECT_LE((more - few) / 200, 45u);
}

TEST_F(DataIndexTest, ReadsTheGoldenSet) {
  const std::string golden = std::string(INTR_TEST_DATA) + "/golden/set-1.0";
  const DataIndex index = DataIndex::open(golden, "train");
  EXPECT_EQ(index.dataset_id(), Manifest::read(golden).dataset_id);
  EXPECT_EQ(index.classes(), (std::vector<std::string>{"B", "b", "heron"}));
  ASSERT_EQ(index.size(), 5);
  EXPECT_EQ(index.path(0), "B/photo.jpg");
  EXPECT_EQ(index.image_size(0), (ImageSize{24, 32}));
}

}  // namespace
}  // namespace intr
