// SPDX-License-Identifier: Apache-2.0
#include "intr/data/shard_writer.h"

#include <gtest/gtest.h>

#include <limits>

#include "intr/core/error.h"
#include "intr/data/shard_format.h"
#include "intr/io/atomic_file.h"
#include "intr/io/hdf5.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

SampleColumns two_samples() {
  SampleColumns columns;
  columns.sample_id = {4, 7};
  columns.hash = {11, 12};
  columns.source_hash = {13, 14};
  columns.label = {1, 0};
  columns.width = {32, 33};
  columns.height = {24, 25};
  columns.flags = {0, 2049};
  columns.codec = {1, 2};
  columns.mode = {6, 2};
  columns.orientation = {0, 6};
  columns.add_path("a/1.jpg");
  columns.add_path("b/bad\xff.jpg");
  return columns;
}

const ShardHeader kHeader = {
    "train", 2, 5, 4, std::string(32, 'a'), "{\"store\":\"original\"}", "intr-pack test"};

void write_shard(const std::string& path, const SampleColumns& columns, bool backwards = false) {
  ShardWriter writer(path, kHeader, columns, {3, 5}, {"x", "y"});
  const std::string first = "abc", second = "defgh";
  if (backwards) writer.write(1, std::as_bytes(std::span(second)));
  writer.write(0, std::as_bytes(std::span(first)));
  if (!backwards) writer.write(1, std::as_bytes(std::span(second)));
  writer.close();
}

TEST(ShardWriter, StoresEverythingOfTheSchema) {
  const test::TempDir folder;
  SampleColumns columns = two_samples();
  columns.box = {1, 2, 3, 4, kNone, kNone, kNone, kNone};
  columns.part_names = {"left eye", "beak"};
  columns.part_xy = {1, 2, 3, 4, 0, 0, 5, 6};
  columns.part_visible = {1, 1, 0, 1};
  write_shard(folder / "s.h5", columns);
  const hdf5::File file = hdf5::File::open(folder / "s.h5");
  require_format(file, shard_format::kShardFormat);
  EXPECT_EQ(file.numbers<std::uint16_t>("/", "format_version"), (std::vector<std::uint16_t>{1, 0}));
  EXPECT_EQ(file.text("/", "split"), "train");
  EXPECT_EQ(file.text("/", "plan_id"), kHeader.plan_id);
  EXPECT_EQ(file.text("/", "options_json"), kHeader.options_json);
  EXPECT_EQ(file.text("/", "creator"), "intr-pack test");
  EXPECT_EQ(file.number<std::uint32_t>("/", "shard_index"), 2u);
  EXPECT_EQ(file.number<std::uint32_t>("/", "shard_count"), 5u);
  EXPECT_EQ(file.number<std::uint64_t>("/", "num_samples"), 2u);
  EXPECT_EQ(file.number<std::uint64_t>("/", "first_sample"), 4u);
  EXPECT_EQ(file.number<std::uint8_t>("/", "complete"), 1u);
  const auto data = file.read<std::uint8_t>("/data");
  EXPECT_EQ(std::string(data.begin(), data.end()), "abcdefgh");
  EXPECT_TRUE(file.is_contiguous("/data"));
  EXPECT_EQ(file.read<std::uint64_t>("/offset"), (std::vector<std::uint64_t>{0, 3, 8}));
  EXPECT_EQ(file.read_strings("/classes"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(file.read<std::uint8_t>("/codec"), columns.codec) << "an enumeration over u8";
  const SampleColumns found = read_columns(file, 2);
  for (std::int64_t row = 0; row < 2; ++row) EXPECT_EQ(found.difference(row, columns, row), "");
  EXPECT_EQ(found.path_of(1), "b/bad\xff.jpg");
  EXPECT_EQ(file.shape("/box"), (hdf5::Shape{2, 4}));
  EXPECT_EQ(found.box[2], 3.0F);
  EXPECT_EQ(file.shape("/part_xy"), (hdf5::Shape{2, 2, 2}));
  EXPECT_EQ(found.part_names, columns.part_names);
  EXPECT_EQ(found.part_visible, columns.part_visible);
}

TEST(ShardWriter, EqualInputGivesEqualBytes) {
  const test::TempDir folder;
  write_shard(folder / "a.h5", two_samples());
  write_shard(folder / "b.h5", two_samples(), true);
  EXPECT_EQ(read_file(folder / "a.h5"), read_file(folder / "b.h5"));
}

TEST(ShardWriter, IsNotCompleteBeforeClose) {
  const test::TempDir folder;
  { const ShardWriter writer(folder / "s.h5", kHeader, two_samples(), {3, 5}, {"x", "y"}); }
  EXPECT_FALSE(hdf5::File::open(folder / "s.h5").has_attribute("/", "complete"));
}

TEST(ShardWriter, LargeDataIsAligned) {
  const test::TempDir folder;
  const std::uint64_t length = std::uint64_t{3} << 20;
  const ShardWriter writer(folder / "s.h5", kHeader, two_samples(), {length, 1}, {"x", "y"});
  EXPECT_EQ(writer.data_begin() % shard_format::kAlignment, 0u);
}

TEST(ShardWriter, RefusesWhatDoesNotFit) {
  const test::TempDir folder;
  ShardWriter writer(folder / "s.h5", kHeader, two_samples(), {3, 5}, {"x", "y"});
  EXPECT_THROW(writer.write(0, std::vector<std::byte>(4)), InternalError);
  EXPECT_THROW(ShardWriter(folder / "t.h5", kHeader, two_samples(), {3}, {"x", "y"}),
               InternalError);
  EXPECT_THROW(ShardWriter(folder / "t.h5", kHeader, two_samples(), {3, 5}, {"x"}), InternalError);
  EXPECT_THROW(ShardWriter(folder / "none/t.h5", kHeader, two_samples(), {3, 5}, {"x", "y"}),
               EnvironmentError);
}

TEST(SampleColumns, FaultsAreFound) {
  EXPECT_EQ(two_samples().fault(2), "");
  const auto fault = [](auto change) {
    SampleColumns columns = two_samples();
    change(columns);
    return columns.fault(2);
  };
  EXPECT_NE(fault([](auto& c) { c.label[0] = 2; }), "");
  EXPECT_NE(fault([](auto& c) { c.label[0] = -1; }), "");
  EXPECT_NE(fault([](auto& c) { c.sample_id[1] = 4; }), "");
  EXPECT_NE(fault([](auto& c) { c.hash.pop_back(); }), "");
  EXPECT_NE(fault([](auto& c) { c.path_offset[1] = 100; }), "");
  EXPECT_NE(fault([](auto& c) { c.path_offset[2] = 3; }), "");
  EXPECT_NE(fault([](auto& c) { c.width[0] = 0; }), "");
  EXPECT_NE(fault([](auto& c) { c.box = {1}; }), "");
  EXPECT_NE(fault([](auto& c) { c.part_xy = {1}; }), "");
  EXPECT_NE(fault([](auto& c) {
              c.path.clear();
              c.path_offset = {0};
              c.add_path("a/../../x");
              c.add_path("b");
            }),
            "");
}

TEST(ShardFormat, NamesFiles) {
  EXPECT_EQ(shard_format::shard_file("train", 0, 3), "train-00000-of-00003.h5");
  EXPECT_EQ(shard_format::index_file("val"), "val.index.h5");
}

}  // namespace
}  // namespace intr
