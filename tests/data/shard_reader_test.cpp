// SPDX-License-Identifier: Apache-2.0
#include "intr/data/shard_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "intr/core/error.h"
#include "intr/data/sample_columns.h"
#include "intr/io/hdf5.h"
#include "intr/io/json_file.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

class ShardReaderTest : public testing::Test {
 protected:
  ShardReaderTest() {
    test::make_tiny_set(set, {.num_shards = 1});
    index = DataIndex::open(set, "train");
    shard = set + "/" + index.shards()[0].file;
  }
  std::string refusal(std::int64_t row) const {
    try {
      ShardReader(index).read(row);
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  }
  test::TempDir folder;
  std::string set = folder / "set";
  DataIndex index;
  std::string shard;
};

TEST_F(ShardReaderTest, GivesTheBytesAndPixelsThatWerePacked) {
  const ShardReader reader(index);
  for (std::int64_t row = 0; row < index.size(); ++row) {
    const Image expected = test::tiny_picture(index.image_size(row), row, row % 3);
    EXPECT_EQ(reader.read(row), encode_png(expected));
    EXPECT_EQ(reader.decode(row).rgb, expected.rgb);
  }
}

TEST_F(ShardReaderTest, AFlippedByteNamesShardSamplePathAndBytes) {
  const std::uint64_t begin = index.shards()[0].data_begin + index.begin(4);
  test::flip_byte(shard, begin + index.length(4) - 1);
  EXPECT_EQ(refusal(3), "no error");
  const std::string message = refusal(4);
  EXPECT_NE(message.find(fmt::format("sample 4 (finch/4.png), bytes {} to {} of train-00000-of-"
                                     "00001.h5: these bytes are not those that were packed",
                                     begin, begin + index.length(4))),
            std::string::npos)
      << message;
}

TEST_F(ShardReaderTest, ACutShardSaysWhereItEnds) {
  for (const std::uint64_t size :
       {index.shards()[0].bytes - 1, index.shards()[0].bytes / 2, std::uint64_t{0}}) {
    std::filesystem::resize_file(shard, size);
    const std::string message = refusal(4);
    EXPECT_NE(message.find(fmt::format("ends at byte {}, dataset.json says {}", size,
                                       index.shards()[0].bytes)),
              std::string::npos)
        << message;
    EXPECT_NE(message.find("sample 4 (finch/4.png)"), std::string::npos) << message;
  }
}

TEST_F(ShardReaderTest, NoFlippedByteOfTheWholeFileGoesUnnoticedOrCrashes) {
  const std::string whole = read_file(shard);
  int noticed = 0;
  for (std::uint64_t position = 0; position < whole.size(); position += 61) {
    test::flip_byte(shard, position);
    try {
      const ShardReader reader(index);
      for (std::int64_t row = 0; row < index.size(); ++row)
        EXPECT_EQ(xxh3_64(reader.read(row)), index.hash(row)) << "wrong bytes were handed out";
    } catch (const Error&) {
      ++noticed;
    }
    test::flip_byte(shard, position);
  }
  EXPECT_EQ(read_file(shard), whole);
  EXPECT_GT(noticed, 50);
}

TEST_F(ShardReaderTest, RefusesAShardOfAnotherPlanOrVersion) {
  const std::string whole = read_file(shard);
  {
    auto json = read_json(set + "/dataset.json");
    json["splits"]["train"]["shards"][0]["plan_id"] = std::string(32, 'f');
    write_json(set + "/dataset.json", json);
    index = DataIndex::open(set, "train");
    EXPECT_NE(refusal(0).find("comes from another packing"), std::string::npos);
  }
  std::filesystem::copy_file(set + "/val-00000-of-00001.h5", shard,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(refusal(0).find("belongs to split 'val'"), std::string::npos) << refusal(0);
  write_file(shard, "no HDF5 at all");
  EXPECT_NE(refusal(0).find("ends at byte 14"), std::string::npos) << refusal(0);
  std::filesystem::remove(shard);
  EXPECT_NE(refusal(0).find("No such file"), std::string::npos) << refusal(0);
}

enum class Rewritten { contiguous, chunked, gzip };

/// Writes the shard anew, as h5repack does.
void rewrite(const std::string& path, Rewritten how) {
  const hdf5::File old = hdf5::File::open(path);
  const std::string fresh = path + ".new";
  {
    hdf5::File file = hdf5::File::create(fresh);
    file.set_text("/", "note", std::string(300, 'x'));  // so that the size is another
    file.set_text("/", "format", "intr-shard");
    file.set_numbers<std::uint16_t>("/", "format_version", {1, 0});
    file.set_text("/", "split", old.text("/", "split"));
    file.set_text("/", "plan_id", old.text("/", "plan_id"));
    file.set_number("/", "num_samples", old.number<std::uint64_t>("/", "num_samples"));
    file.set_number("/", "first_sample", old.number<std::uint64_t>("/", "first_sample"));
    file.set_number("/", "complete", std::uint8_t{1});
    const auto data = old.read<std::uint8_t>("/data");
    const hsize_t size = data.size(), chunk = 512;
    const hid_t space = H5Screate_simple(1, &size, nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (how != Rewritten::contiguous) H5Pset_chunk(creation, 1, &chunk);
    if (how == Rewritten::gzip) H5Pset_deflate(creation, 4);
    const hid_t set =
        H5Dcreate2(file.id(), "/data", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ASSERT_GE(H5Dwrite(set, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, data.data()), 0);
    H5Dclose(set);
    H5Pclose(creation);
    H5Sclose(space);
    file.write("/offset", old.read<std::uint64_t>("/offset"));
    write_columns(file, read_columns(old, 3), old.read_strings("/classes"));
    file.close();
  }
  std::filesystem::rename(fresh, path);
}

TEST_F(ShardReaderTest, ReadsAShardThatAnotherToolRewrote) {
  for (const Rewritten how : {Rewritten::contiguous, Rewritten::chunked, Rewritten::gzip}) {
    rewrite(shard, how);
    testing::internal::CaptureStderr();
    {
      const ShardReader reader(index);
      for (std::int64_t row = 0; row < index.size(); ++row)
        EXPECT_EQ(xxh3_64(reader.read(row)), index.hash(row));
    }
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  }
}

/// A set that says of its shard what a set made from others would: labels and ids moved.
class LentShardTest : public ShardReaderTest {
 protected:
  /// @param names of the set; the shard knows crow, finch, heron
  void lend(const std::vector<std::string>& names, const std::vector<std::int32_t>& label_map,
            std::uint64_t id_shift) {
    Manifest manifest = Manifest::read(set);
    manifest.classes = names;
    Manifest::Split& split = manifest.splits[0];
    split.shards[0].label_map = label_map;
    SampleColumns columns = index.columns();
    for (std::int32_t& label : columns.label)
      if (!label_map.empty()) label = label_map[static_cast<std::size_t>(label)];
    for (std::uint64_t& id : columns.sample_id) id += id_shift;
    Placement placement;
    for (std::int64_t row = 0; row < index.size(); ++row) {
      placement.shard_of.push_back(0);
      placement.begin.push_back(index.begin(row));
      placement.length.push_back(index.length(row));
    }
    std::vector<DataIndex::Shard> shards = index.shards();
    shards[0].first_sample += static_cast<std::int64_t>(id_shift);
    write_index(set + "/" + split.index_file, "train", manifest.dataset_id, "test", columns,
                placement, shards, manifest.classes);
    split.index_hash = hash_file(set + "/" + split.index_file);
    manifest.write(set);
    index = DataIndex::open(set, "train");
  }
};

TEST_F(LentShardTest, LabelsAndIdsOfTheIndexAreTheTruth) {
  lend({"owl", "heron", "crow", "finch"}, {2, 3, 1}, 1000);
  EXPECT_EQ(index.label(0), 2);
  EXPECT_EQ(index.sample_id(0), 1000);
  const DataIndex other_rank = DataIndex::from_bytes(index.to_bytes());
  const ShardReader reader(index), elsewhere(other_rank);
  for (std::int64_t row = 0; row < index.size(); ++row)
    EXPECT_EQ(reader.read(row), elsewhere.read(row));
}

TEST_F(LentShardTest, AMapThatLeadsToOtherClassesIsRefused) {
  lend({"owl", "heron", "crow", "finch"}, {3, 2, 1}, 0);
  EXPECT_NE(refusal(0).find("class 0 is 'crow', which is not class 3 of the set"),
            std::string::npos)
      << refusal(0);
}

TEST_F(LentShardTest, OtherClassesWithoutAMapAreRefused) {
  lend({"owl", "heron", "crow"}, {}, 0);
  EXPECT_NE(refusal(0).find("class 0 is 'crow'"), std::string::npos) << refusal(0);
}

TEST_F(LentShardTest, AClassListThatOnlyGrewNeedsNoMap) {
  lend({"crow", "finch", "heron", "owl"}, {}, 0);
  EXPECT_EQ(refusal(0), "no error");
}

TEST_F(ShardReaderTest, AnIndexWithoutPathsNoticesOtherPathsAndNamesThem) {
  const DataIndex other_rank = DataIndex::from_bytes(index.to_bytes());
  {
    const std::uint64_t place = hdf5::File::open(shard).byte_offset("/path");
    test::flip_byte(shard, place + 3);
  }
  try {
    ShardReader(other_rank).read(4);
    FAIL() << "not noticed";
  } catch (const DataError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("/path or /source_hash differs"), std::string::npos) << message;
    EXPECT_NE(message.find("sample 4 (finch/4.png)"), std::string::npos) << message;
  }
}

TEST_F(ShardReaderTest, BytesBehindTheEndAreRefused) {
  std::ofstream(shard, std::ios::binary | std::ios::app) << "more";
  EXPECT_NE(refusal(0).find("bytes, dataset.json says"), std::string::npos) << refusal(0);
}

TEST(ShardReaderGolden, DecodesTheGoldenSet) {
  const std::string golden = std::string(INTR_TEST_DATA) + "/golden/set-1.0";
  for (const char* split : {"train", "val"}) {
    const DataIndex index = DataIndex::open(golden, split);
    const ShardReader reader(index);
    for (std::int64_t row = 0; row < index.size(); ++row)
      EXPECT_EQ(reader.decode(row).size, index.image_size(row));
  }
}

}  // namespace
}  // namespace intr
