// SPDX-License-Identifier: Apache-2.0
#include "intr/io/hdf5.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <type_traits>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "intr/io/file_range.h"
#include "support/damage.h"
#include "support/temp_dir.h"

namespace intr::hdf5 {
namespace {

using test::TempDir;
using testing::HasSubstr;

static_assert(std::is_nothrow_move_constructible_v<Handle<H5Fclose>>);
static_assert(!std::is_copy_constructible_v<Handle<H5Fclose>>);

template <class T>
void check_round_trip(const TempDir& folder, const std::vector<T>& values) {
  {
    File file = File::create(folder / "a.h5");
    file.write("x", values);
    file.close();
  }
  EXPECT_EQ(File::open(folder / "a.h5").read<T>("x"), values);
}

template <class T>
std::vector<T> ends() {
  return {std::numeric_limits<T>::lowest(), T{0}, T{1}, std::numeric_limits<T>::max()};
}

/// A small file with one of everything.
void write_sample(const std::string& path) {
  File file = File::create(path);
  file.make_group("index");
  file.write<float>("index/values", std::vector<float>{1.5F, -2, 3, 4, 5, 6}, {2, 3});
  file.write("codec", std::vector<std::uint8_t>{1, 2, 1});
  file.write_strings("classes", {"ant", "", "bée"});
  file.set_text("/", "format", "intr-test");
  file.set_numbers("/", "format_version", std::vector<std::uint16_t>{1, 0});
  file.set_number("codec", "count", std::uint64_t{3});
  file.close();
}

TEST(Hdf5, RoundTripsEveryType) {
  const TempDir folder;
  check_round_trip(folder, ends<std::uint8_t>());
  check_round_trip(folder, ends<std::int8_t>());
  check_round_trip(folder, ends<std::uint16_t>());
  check_round_trip(folder, ends<std::uint32_t>());
  check_round_trip(folder, ends<std::int32_t>());
  check_round_trip(folder, ends<std::uint64_t>());
  check_round_trip(folder, ends<std::int64_t>());
  check_round_trip(folder, ends<float>());
  check_round_trip(folder, ends<double>());
  check_round_trip(folder, std::vector<float>{});
}

TEST(Hdf5, HalfIsIeee) {
  const TempDir folder;
  {
    File file = File::create(folder / "a.h5");
    file.write("x", std::vector<Half>{{0x3C00}, {0xC000}, {0x7BFF}, {0x0001}});
    file.close();
  }
  const File file = File::open(folder / "a.h5");
  EXPECT_EQ(file.read<float>("x"), (std::vector<float>{1, -2, 65504, 0x1.0p-24F}));
  EXPECT_EQ(file.element_type("x"), Type::f16);
}

TEST(Hdf5, KeepsShapesGroupsAndTexts) {
  const TempDir folder;
  write_sample(folder / "a.h5");
  const File file = File::open(folder / "a.h5");
  EXPECT_EQ(file.shape("index/values"), (Shape{2, 3}));
  EXPECT_EQ(file.read<double>("index/values"), (std::vector<double>{1.5, -2, 3, 4, 5, 6}));
  EXPECT_EQ(file.read_strings("classes"), (std::vector<std::string>{"ant", "", "bée"}));
  EXPECT_EQ(file.members("/"), (std::vector<std::string>{"classes", "codec", "index"}));
  EXPECT_TRUE(file.exists("index/values"));
  EXPECT_FALSE(file.exists("index/none"));
  EXPECT_FALSE(file.exists("none/values"));
  EXPECT_TRUE(file.is_contiguous("codec"));
  EXPECT_EQ(file.element_type("codec"), Type::u8);
}

TEST(Hdf5, KeepsAttributes) {
  const TempDir folder;
  write_sample(folder / "a.h5");
  const File file = File::open(folder / "a.h5");
  EXPECT_EQ(file.text("/", "format"), "intr-test");
  EXPECT_EQ(file.numbers<std::uint16_t>("/", "format_version"), (std::vector<std::uint16_t>{1, 0}));
  EXPECT_EQ(file.number<std::int64_t>("codec", "count"), 3);
  EXPECT_TRUE(file.has_attribute("/", "format"));
  EXPECT_FALSE(file.has_attribute("/", "none"));
  EXPECT_THROW(file.text("/", "none"), DataError);
}

TEST(Hdf5, ReadsAndWritesRanges) {
  const TempDir folder;
  {
    File file = File::create(folder / "a.h5", 4096);
    file.create_dataset("x", Type::i64, {10});
    file.write_range<std::int64_t>("x", 0, std::vector<std::int64_t>{0, 1, 2, 3, 4});
    file.write_range<std::int64_t>("x", 5, std::vector<std::int64_t>{5, 6, 7, 8, 9});
    file.close();
  }
  const File file = File::open(folder / "a.h5");
  std::vector<std::int64_t> part(3);
  file.read_range<std::int64_t>("x", 4, part);
  EXPECT_EQ(part, (std::vector<std::int64_t>{4, 5, 6}));
  EXPECT_THROW(file.read_range<std::int64_t>("x", 8, part), DataError);
  // The place that byte_offset names holds the little-endian values.
  const std::uint64_t offset = file.byte_offset("x");
  EXPECT_GT(offset, 0U);
  std::int64_t raw = 0;
  InputFile(folder / "a.h5").read(offset + 7 * 8, std::as_writable_bytes(std::span(&raw, 1)));
  EXPECT_EQ(raw, 7);
}

TEST(Hdf5, AlignsLargeDataSets) {
  const TempDir folder;
  File file = File::create(folder / "a.h5", 4096);
  file.write("small", std::vector<std::uint8_t>{1});
  file.write("large", std::vector<float>(5000, 1.0F));
  EXPECT_EQ(file.byte_offset("large") % 4096, 0U);
  file.close();
}

TEST(Hdf5, FixedStringsAndEnumerations) {
  const TempDir folder;
  {
    File file = File::create(folder / "a.h5");
    file.write_fixed_strings("names", File::FixedStrings::pack({"a", "", "long é"}));
    const std::vector<std::uint8_t> values = {1, 2, 1};
    file.write_enum("codec", values, {{"jpeg", 1}, {"png", 2}});
    file.close();
  }
  const File file = File::open(folder / "a.h5");
  EXPECT_EQ(file.read_fixed_strings("names").unpack(),
            (std::vector<std::string>{"a", "", "long é"}));
  EXPECT_THROW(file.read_fixed_strings("codec"), DataError);
  EXPECT_EQ(file.shape("codec"), Shape{3});
}

TEST(Hdf5, VirtualDataSetsReadOtherFiles) {
  const TempDir folder;
  for (const char* name : {"p0.h5", "p1.h5"}) {
    File piece = File::create(folder / name);
    piece.write("maps", std::vector<float>{1, 2, 3});
    piece.close();
  }
  {
    File file = File::create(folder / "all.h5");
    file.write_virtual("maps", Type::f32,
                       {{"p0.h5", "maps", 3}, {"gone.h5", "maps", 2}, {"p1.h5", "maps", 3}});
    file.close();
  }
  const std::vector<float> values = File::open(folder / "all.h5").read<float>("maps");
  ASSERT_EQ(values.size(), 8U);
  EXPECT_EQ(values[2], 3);
  EXPECT_TRUE(std::isnan(values[3]));
  EXPECT_TRUE(std::isnan(values[4]));
  EXPECT_EQ(values[7], 3);
}

TEST(Hdf5, EqualContentsGiveEqualBytes) {
  const TempDir folder;
  write_sample(folder / "a.h5");
  write_sample(folder / "b.h5");
  EXPECT_EQ(hash_file(folder / "a.h5"), hash_file(folder / "b.h5"));
  EXPECT_EQ(read_file(folder / "a.h5")[8], 2);  // superblock version: readable by HDF5 1.8
}

TEST(Hdf5, ReadsFromMemory) {
  const TempDir folder;
  write_sample(folder / "a.h5");
  const std::vector<std::byte> bytes = InputFile(folder / "a.h5").read_all();
  const File file = File::open_memory(bytes, "index of rank 0");
  EXPECT_EQ(file.read<std::uint8_t>("codec"), (std::vector<std::uint8_t>{1, 2, 1}));
  EXPECT_EQ(file.read_strings("classes"), (std::vector<std::string>{"ant", "", "bée"}));
  // Another image of the same name is another file, also while the first is open.
  try {
    File::open_memory(std::span(bytes).first(100), "index of rank 0").read<float>("codec");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("index of rank 0"));
  }
}

TEST(Hdf5, NamesFileAndObject) {
  const TempDir folder;
  EXPECT_THROW(File::open(folder / "missing.h5"), DataError);
  write_file(folder / "text.h5", "this is no HDF5 file");
  EXPECT_THROW(File::open(folder / "text.h5"), DataError);
  EXPECT_THROW(File::create(folder / "none/a.h5"), EnvironmentError);
  write_sample(folder / "a.h5");
  const File file = File::open(folder / "a.h5");
  try {
    file.read<float>("index/none");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("a.h5: cannot open index/none"));
  }
  EXPECT_THROW(file.read<float>("classes"), DataError);  // strings are no numbers
  EXPECT_THROW(file.read_strings("codec"), DataError);
  EXPECT_THROW(file.members("none"), DataError);
}

TEST(Hdf5, RefusesAttributesOfSeveralTexts) {
  const TempDir folder;
  File file = File::create(folder / "a.h5");
  const hid_t type = H5Tcopy(H5T_C_S1);
  const hsize_t count = 1000;
  const hid_t space = H5Screate_simple(1, &count, nullptr);
  H5Tset_size(type, 20);
  const hid_t attribute = H5Acreate2(file.id(), "format", type, space, H5P_DEFAULT, H5P_DEFAULT);
  EXPECT_GE(H5Awrite(attribute, type, std::string(20'000, 'x').data()), 0);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
  file.close();
  EXPECT_THROW(File::open(folder / "a.h5").text("/", "format"), DataError);
}

/// Reads all of a damaged file. Values may differ; anything but a DataError is a fault.
void read_everything(const std::string& path) {
  try {
    const File file = File::open(path);
    for (const char* name : {"index/values", "codec"}) {
      file.shape(name);
      file.read<float>(name);
      file.byte_offset(name);
    }
    file.read_strings("classes");
    file.members("/");
    file.text("/", "format");
    file.numbers<std::uint16_t>("/", "format_version");
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr(path));
  }
}

TEST(Hdf5, SurvivesFlippedBytes) {
  const TempDir folder;
  write_sample(folder / "a.h5");
  const std::uint64_t size = InputFile(folder / "a.h5").size();
  for (std::uint64_t at = 0; at < size; ++at) {
    test::flip_byte(folder / "a.h5", at);
    read_everything(folder / "a.h5");
    test::flip_byte(folder / "a.h5", at);
  }
  EXPECT_EQ(File::open(folder / "a.h5").text("/", "format"), "intr-test");
  test::flip_byte(folder / "a.h5", 20);  // the superblock has a checksum
  EXPECT_THROW(File::open(folder / "a.h5"), DataError);
}

TEST(Hdf5, SurvivesCutFiles) {
  const TempDir folder;
  write_sample(folder / "a.h5");
  const std::string whole = read_file(folder / "a.h5");
  for (std::size_t part = 0; part < 64; ++part) {
    write_file(folder / "b.h5", whole.substr(0, whole.size() * part / 64));
    EXPECT_THROW(
        {
          const File file = File::open(folder / "b.h5");
          file.read<float>("index/values");
        },
        DataError)
        << part;
  }
}

TEST(Hdf5, ChangesAnExistingFile) {
  const TempDir folder;
  write_sample(folder / "a.h5");
  {
    File file = File::open_to_change(folder / "a.h5");
    file.set_number("/", "complete", std::uint8_t{1});
    file.close();
  }
  EXPECT_EQ(File::open(folder / "a.h5").number<int>("/", "complete"), 1);
}

TEST(Hdf5, ThreadsMayUseFilesOfTheirOwn) {
  const TempDir folder;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&folder, t] {
        for (int i = 0; i < 20; ++i) write_sample(folder / std::to_string(t));
      });
    }
  }
  for (int t = 0; t < 4; ++t)
    EXPECT_EQ(hash_file(folder / std::to_string(t)), hash_file(folder / "0"));
}

TEST(Hdf5, CloseFailsWhereObjectsAreOpen) {
  const TempDir folder;
  File file = File::create(folder / "a.h5");
  file.write("x", std::vector<float>{1});
  const Handle<H5Dclose> open_dataset(H5Dopen2(file.id(), "x", H5P_DEFAULT));
  EXPECT_THROW(file.close(), EnvironmentError);
}

}  // namespace
}  // namespace intr::hdf5
