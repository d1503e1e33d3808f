// SPDX-License-Identifier: Apache-2.0
#include "intr/data/shard_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

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

/// Writes the shard anew with /data in compressed chunks, as h5repack does.
void rewrite_in_chunks(const std::string& path) {
  const hdf5::File old = hdf5::File::open(path);
  const std::string fresh = path + ".new";
  {
    hdf5::File file = hdf5::File::create(fresh);
    file.set_text("/", "format", "intr-shard");
    file.set_numbers<std::uint16_t>("/", "format_version", {1, 0});
    file.set_text("/", "split", old.text("/", "split"));
    file.set_text("/", "plan_id", old.text("/", "plan_id"));
    file.set_number("/", "num_samples", old.number<std::uint64_t>("/", "num_samples"));
    file.set_number("/", "complete", std::uint8_t{1});
    const auto data = old.read<std::uint8_t>("/data");
    const hsize_t size = data.size(), chunk = 512;
    const hid_t space = H5Screate_simple(1, &size, nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 1, &chunk);
    H5Pset_deflate(creation, 4);
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
  rewrite_in_chunks(shard);
  const ShardReader reader(index);
  for (std::int64_t row = 0; row < index.size(); ++row)
    EXPECT_EQ(xxh3_64(reader.read(row)), index.hash(row));
}

/// Open files of this process below a folder.
std::int64_t open_files_below(const std::string& folder) {
  std::int64_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone);
    if (!gone && target.string().starts_with(folder)) ++count;
  }
  return count;
}

TEST_F(ShardReaderTest, KeepsAtMost64ShardsOpen) {
  const std::string many = folder / "many";
  test::make_tiny_set(many, {.samples = {{"train", 70}}, .num_shards = 70});
  const DataIndex wide = DataIndex::open(many, "train");
  const ShardReader reader(wide);
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t row = 0; row < 70; ++row)
      EXPECT_EQ(xxh3_64(reader.read(row * 37 % 70)), wide.hash(row * 37 % 70));
    EXPECT_EQ(open_files_below(many), 64);
  }
}

TEST_F(ShardReaderTest, AShardThatChangedSinceItWasCheckedIsCheckedAgain) {
  const std::string many = folder / "many";
  test::make_tiny_set(many, {.samples = {{"train", 70}}, .num_shards = 70});
  const DataIndex wide = DataIndex::open(many, "train");
  const ShardReader reader(wide);
  reader.read(0);
  for (std::int64_t row = 1; row < 70; ++row) reader.read(row);  // shard 0 is closed meanwhile
  write_file(many + "/" + wide.shards()[0].file, std::string(100'000, 'x'));
  EXPECT_THROW(reader.read(0), DataError);
}

TEST_F(ShardReaderTest, ReadsAheadOverRecordsThatFollow) {
  const ShardReader reader(index);
  std::vector<std::byte> bytes(index.length(2) + index.length(3));
  ASSERT_TRUE(reader.read_ahead(2, bytes));
  EXPECT_TRUE(reader.is_intact(2, std::span(bytes).first(index.length(2))));
  EXPECT_TRUE(reader.is_intact(3, std::span(bytes).subspan(index.length(2))));
  EXPECT_FALSE(reader.is_intact(4, std::span(bytes).subspan(index.length(2))));
  reader.will_need(5);
  std::filesystem::remove(shard);
  const ShardReader missing(index);
  EXPECT_FALSE(missing.read_ahead(2, bytes));
  missing.will_need(5);
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
