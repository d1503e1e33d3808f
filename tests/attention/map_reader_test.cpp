// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "intr/attention/dump_merge.h"
#include "intr/attention/map_file.h"
#include "intr/core/error.h"
#include "intr/io/file_range.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using test::SyntheticDump;
using test::TempDir;

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  return "no DataError";
}

void read_all(const std::string& path) {
  const MapReader reader = MapReader::open(path);
  for (std::int64_t row = 0; row < reader.size(); ++row) reader.maps(row);
}

std::vector<std::byte> bytes_of_file(const std::string& path) { return InputFile(path).read_all(); }

void flip_byte(const std::string& path, std::uint64_t position) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(position));
  const int old = file.get();
  file.seekp(static_cast<std::streamoff>(position));
  file.put(static_cast<char>(old ^ 0x10));
}

void expect_equal_to_source(const MapReader& reader, const SyntheticDump& dump) {
  ASSERT_EQ(reader.size(), dump.num_samples);
  for (std::int64_t row = 0; row < reader.size(); ++row) {
    DumpSample expected = test::synthetic_sample(dump, row);
    expected.hash = reader.sample(row).hash;
    EXPECT_EQ(reader.sample(row), expected) << row;
    const std::vector<float> exact = test::synthetic_maps(dump, expected);
    const std::vector<float> stored = reader.maps(row);
    ASSERT_EQ(stored.size(), exact.size());
    for (std::size_t i = 0; i < exact.size(); ++i) {
      if (dump.type == MapType::f32)
        EXPECT_EQ(stored[i], exact[i]);
      else
        EXPECT_NEAR(stored[i], exact[i], 4.9e-4 * static_cast<double>(exact[i]) + 3e-8);
    }
  }
}

struct RoundTrip : testing::TestWithParam<MapType> {};

TEST_P(RoundTrip, FolderIndexAndMergedFileHoldWhatWasWritten) {
  const TempDir dir;
  SyntheticDump dump;
  dump.type = GetParam();
  dump.layers = 2;
  dump.grids = {{2, 3}, {1, 1}, {4, 2}};
  test::write_synthetic_dump(dir / "dump", dump);
  merge_into({dir / "dump"}, dir / "merged.h5");
  for (const std::string& path : {dir / "dump", dir / "dump/index.h5", dir / "merged.h5"}) {
    SCOPED_TRACE(path);
    const MapReader reader = MapReader::open(path);
    EXPECT_EQ(reader.facts().classes, dump.classes);
    EXPECT_EQ(reader.facts().layers, (std::vector<std::int32_t>{0, 1}));
    EXPECT_EQ(reader.facts().num_queries, 3);
    EXPECT_EQ(reader.facts().type, dump.type);
    EXPECT_TRUE(reader.facts().complete);
    EXPECT_GT(reader.facts().peak_p99, 1);
    expect_equal_to_source(reader, dump);
  }
}
TEST_P(RoundTrip, AllFieldsAreThereAndTheirDamageIsFound) {
  const TempDir dir;
  SyntheticDump dump;
  dump.type = GetParam();
  dump.layers = 2;
  dump.grids = {{2, 3}, {1, 1}, {4, 2}};
  dump.all_fields = true;
  test::write_synthetic_dump(dir / "dump", dump);
  merge_into({dir / "dump"}, dir / "merged.h5");
  for (const std::string& path : {dir / "dump", dir / "merged.h5"}) {
    SCOPED_TRACE(path);
    const MapReader reader = MapReader::open(path);
    EXPECT_EQ(reader.facts().fields(),
              (std::vector<MapField>{MapField::kMap, MapField::kRollout, MapField::kValue}));
    EXPECT_GT(reader.facts().value_p99, 1);
    EXPECT_GT(reader.facts().rollout_p99, 1);
    expect_equal_to_source(reader, dump);
    for (std::int64_t row = 0; row < reader.size(); ++row) {
      const MapRecord record = test::synthetic_record(dump, reader.sample(row));
      for (const MapField field : reader.facts().fields())
        EXPECT_EQ(reader.stored(row, field), record.blocks[field]);
      EXPECT_THROW(reader.stored(row, MapField::kEncoder), InternalError);
    }
  }
  const std::uint64_t place = hdf5::File::open(dir / "merged.h5").byte_offset("/value");
  flip_byte(dir / "merged.h5", place + 1);
  const MapReader damaged = MapReader::open(dir / "merged.h5");
  damaged.maps(0);
  try {
    damaged.values(0, MapField::kValue);
    FAIL() << "read";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("/value"), std::string::npos) << error.what();
  }
}
INSTANTIATE_TEST_SUITE_P(Types, RoundTrip, testing::Values(MapType::f16, MapType::f32));

TEST(MapReader, AGridThatCannotBeIsRefusedBeforeItIsMultiplied) {
  for (const std::uint32_t side : {0xC0000000U, 0xFFFFFFFFU, 40000U, 3000U}) {
    const TempDir dir;
    SyntheticDump dump;
    dump.adjust = [side](DumpSample& sample) {
      sample.grid_full = {0xFFFFFFFF, 0xFFFFFFFF};
      if (sample.sample_id == 13) sample.source_size = {side, side};
    };
    test::write_synthetic_dump(dir / "dump", dump);
    merge_into({dir / "dump"}, dir / "merged.h5");
    const auto place = hdf5::File::open(dir / "merged.h5").byte_offset("/grid");
    std::fstream file(dir / "merged.h5", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(place + 8));  // the second sample's
    for (int i = 0; i < 2; ++i) file.write(reinterpret_cast<const char*>(&side), 4);
    file.close();
    try {
      MapReader::open(dir / "merged.h5");
      FAIL() << side;
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find("sample 13"), std::string::npos) << error.what();
    }
  }
}

TEST(MapReader, EqualContentsGiveEqualBytes) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "one");
  test::write_synthetic_dump(dir / "two");
  SyntheticDump other_pieces;
  other_pieces.piece_samples = 5;
  test::write_synthetic_dump(dir / "three", other_pieces);
  EXPECT_EQ(bytes_of_file(dir / "one/piece-00001.h5"), bytes_of_file(dir / "two/piece-00001.h5"));
  EXPECT_EQ(bytes_of_file(dir / "one/index.h5"), bytes_of_file(dir / "two/index.h5"));
  merge_into({dir / "one"}, dir / "one.h5");
  merge_into({dir / "three"}, dir / "three.h5");
  EXPECT_EQ(bytes_of_file(dir / "one.h5"), bytes_of_file(dir / "three.h5"));
}

TEST(MapReader, SharedScalesAreNearestRankPercentiles) {
  const TempDir dir;
  SyntheticDump dump;
  dump.type = MapType::f32;
  dump.num_samples = 2;
  dump.heads = 1;
  dump.slots = 2;
  dump.classes = {"a", "b"};
  dump.grids = {{1, 4}};
  // Slot 0: sample 10 uniform, sample 13 all in cell 2. Slot 1: all in cell 0.
  dump.weight = [](const DumpSample& s, std::int64_t, std::int64_t slot, std::int64_t, std::int64_t,
                   std::int64_t column) {
    if (slot == 1) return column == 0 ? 1.0 : 0.0;
    return s.sample_id == 10 || column == 2 ? 1.0 : 0.0;
  };
  test::write_synthetic_dump(dir / "dump", dump);
  const MapReader reader = MapReader::open(dir / "dump");
  EXPECT_EQ(reader.facts().peak_p99, 4);      // of {1, 4}
  EXPECT_EQ(reader.facts().contrast_p99, 4);  // of {3, 4}
}

TEST(MapReader, UnfinishedAndForeignFoldersAreRefused) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "part", {}, false);
  EXPECT_NE(message_of([&] { read_all(dir / "part"); }).find("not finished"), std::string::npos);
  EXPECT_NE(message_of([&] { read_all(dir.path()); }).find("no attention dump"), std::string::npos);
  EXPECT_NE(message_of([&] { read_all(dir / "part/piece-00000.h5"); }).find("is one piece"),
            std::string::npos);
  EXPECT_NE(message_of([&] { read_all(dir / "nothing"); }).find("no such file"), std::string::npos);
}

TEST(MapReader, AFlippedByteInAMapNamesFileSampleAndBytes) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  const std::string piece = dir / "dump/piece-00001.h5";  // samples 16 and 13
  const std::uint64_t first = hdf5::File::open(piece).byte_offset("/map");
  flip_byte(piece, first + 1);
  const std::string message = message_of([&] { read_all(dir / "dump"); });
  EXPECT_NE(message.find("piece-00001.h5"), std::string::npos) << message;
  EXPECT_NE(message.find("sample 16"), std::string::npos) << message;
  EXPECT_NE(message.find(fmt::format("bytes {} to", first)), std::string::npos) << message;
}

TEST(MapReader, AMissingPieceNamesFileAndSample) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  std::filesystem::remove(dir / "dump/piece-00002.h5");  // sample 10
  const std::string message = message_of([&] { read_all(dir / "dump"); });
  EXPECT_NE(message.find("piece-00002.h5"), std::string::npos) << message;
  EXPECT_NE(message.find("sample 10"), std::string::npos) << message;
}

TEST(MapReader, APieceOfAnotherDumpIsRefused) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  SyntheticDump other;
  other.piece_samples = 3;
  test::write_synthetic_dump(dir / "other", other);
  std::filesystem::copy_file(dir / "other/piece-00001.h5", dir / "dump/piece-00001.h5",
                             std::filesystem::copy_options::overwrite_existing);
  const std::string message = message_of([&] { read_all(dir / "dump"); });
  EXPECT_NE(message.find("plan_id"), std::string::npos) << message;
}

TEST(MapReader, AFileCutAnywhereIsADataError) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  merge_into({dir / "dump"}, dir / "whole.h5");
  const auto size = std::filesystem::file_size(dir / "whole.h5");
  for (std::uintmax_t length = 0; length < size; length += 211) {
    std::filesystem::copy_file(dir / "whole.h5", dir / "cut.h5",
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(dir / "cut.h5", length);
    const std::string message = message_of([&] { read_all(dir / "cut.h5"); });
    ASSERT_NE(message.find("cut.h5"), std::string::npos) << length << ": " << message;
  }
}

// A byte may belong to padding that no reader looks at; then the values must be unchanged.
TEST(MapReader, AnyFlippedByteIsFoundOrHarmless) {
  const TempDir dir;
  SyntheticDump dump;
  dump.num_samples = 3;
  test::write_synthetic_dump(dir / "dump", dump);
  merge_into({dir / "dump"}, dir / "whole.h5");
  const auto size = std::filesystem::file_size(dir / "whole.h5");
  std::int64_t found = 0;
  for (std::uintmax_t position = 0; position < size; position += 41) {
    std::filesystem::copy_file(dir / "whole.h5", dir / "bad.h5",
                               std::filesystem::copy_options::overwrite_existing);
    flip_byte(dir / "bad.h5", position);
    if (message_of([&] { read_all(dir / "bad.h5"); }) != "no DataError") ++found;
  }
  EXPECT_GT(found, 10);
}

TEST(MapReader, AnUnknownMajorVersionNamesBoth) {
  const TempDir dir;
  {
    hdf5::File file = hdf5::File::create(dir / "new.h5");
    file.set_text("/", "format", kMapFormat);
    file.set_numbers<std::uint16_t>("/", "format_version", {2, 0});
    file.close();
  }
  const std::string message = message_of([&] { read_all(dir / "new.h5"); });
  EXPECT_NE(message.find("attention format 2.0, this program reads 1.x"), std::string::npos)
      << message;
}

}  // namespace
}  // namespace intr
