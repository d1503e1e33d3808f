// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/safetensors_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "intr/weights/weight_file.h"
#include "support/output_tensors.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

OutputWeights several() {
  OutputWeights weights;
  test::add_tensor<std::uint8_t>(weights, "flags", {3}, {1, 0, 1}, DType::boolean);
  test::add_tensor<float>(weights, "a.weight", {2, 3}, {1, 2, 3, 4, 5, 6});
  test::add_tensor<double>(weights, "none", {0, 7}, {});
  test::add_tensor<std::int64_t>(weights, "steps", {}, {7});
  test::add_tensor<float>(weights, "b \"quoted\"\n", {1}, {8});
  weights.tensors.push_back(
      {.name = "row", .storage = 1, .shape = {3}, .stride = {1}, .offset = 3});
  return weights;
}

std::uint64_t header_length(const std::string& bytes) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  return length;
}

TEST(SafetensorsWriter, TensorsAndMetadataComeBack) {
  const test::TempDir folder;
  const OutputWeights weights = several();
  const auto hashes =
      write_safetensors(folder / "a", weights, {{"format", "pt"}, {"intr_classes", "[\"grün\"]"}});
  const WeightFile file(folder / "a");
  EXPECT_EQ(file.format(), WeightFormat::safetensors);
  EXPECT_EQ(file.metadata().at("intr_classes"), "[\"grün\"]");
  ASSERT_EQ(file.entries().size(), weights.tensors.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const TensorEntry& entry = file.entry(weights.tensors[i].name);
    EXPECT_EQ(entry.shape, weights.tensors[i].shape);
    EXPECT_EQ(entry.type, weights.type(weights.tensors[i]));
    std::vector<std::byte> bytes(entry.bytes);
    file.read(entry, bytes);
    EXPECT_EQ(xxh3_64(std::span<const std::byte>(bytes)), hashes[i]) << entry.name;
  }
  EXPECT_EQ(file.values<float>("row"), (std::vector<float>{4, 5, 6}));
  EXPECT_NE(file.entry("row").storage, file.entry("a.weight").storage) << "aliases are copied";
}

TEST(SafetensorsWriter, LargeElementsComeFirstAndDataIsAligned) {
  const test::TempDir folder;
  write_safetensors(folder / "a", several(), {});
  const std::string bytes = read_file(folder / "a");
  EXPECT_EQ((8 + header_length(bytes)) % 64, 0U);
  EXPECT_EQ(bytes[8], '{');
  EXPECT_EQ(bytes.find("__metadata__"), std::string::npos);
  std::vector<std::string> names;
  const WeightFile file(folder / "a");
  for (const TensorEntry& entry : file.entries()) names.push_back(entry.name);
  EXPECT_THAT(names, testing::UnorderedElementsAre("none", "steps", "a.weight", "b \"quoted\"\n",
                                                   "row", "flags"));
  EXPECT_EQ(names.back(), "flags");
  std::size_t last = 0;
  for (const char* name : {"none", "steps", "a.weight", "row", "flags"}) {  // also in the header
    const std::size_t at = bytes.find(std::string("\"") + name + "\"");
    EXPECT_GT(at, last) << name;
    last = at;
  }
}

TEST(SafetensorsWriter, TheSameInputGivesTheSameBytes) {
  const test::TempDir folder;
  write_safetensors(folder / "a", several(), {{"format", "pt"}});
  write_safetensors(folder / "b", several(), {{"format", "pt"}});
  EXPECT_EQ(read_file(folder / "a"), read_file(folder / "b"));
}

TEST(SafetensorsWriter, NothingAtAll) {
  const test::TempDir folder;
  write_safetensors(folder / "a", {}, {});
  EXPECT_TRUE(WeightFile(folder / "a").entries().empty());
}

TEST(SafetensorsWriter, NamesThatTheFormatCannotHold) {
  const test::TempDir folder;
  for (const std::string& name :
       {std::string("__metadata__"), std::string("\xFF\n"), std::string("row")}) {
    OutputWeights weights = several();
    test::add_tensor<float>(weights, name, {1}, {1});
    EXPECT_THROW(write_safetensors(folder / "a", weights, {}), DataError) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

TEST(SafetensorsWriter, AFullDiskIsAnError) {
  EXPECT_THROW(write_safetensors("/dev/full", several(), {}), EnvironmentError);
}

}  // namespace
}  // namespace intr
