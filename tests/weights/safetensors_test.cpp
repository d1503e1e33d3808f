// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <fstream>

#include "intr/core/error.h"
#include "intr/weights/weight_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

/// A header in front of data, with the header's true length unless another is given.
std::string file_of(const std::string& header, const std::string& data,
                    std::uint64_t length = UINT64_MAX) {
  if (length == UINT64_MAX) length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}
std::string field(const std::string& type = "F32", const std::string& shape = "[4]",
                  const std::string& offsets = "[0,16]") {
  return "{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}
std::string one(const std::string& value) { return "{\"w\":" + value + "}"; }
const std::string kData = std::string("\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40", 16);

class Safetensors : public testing::Test {
 protected:
  std::string write(const std::string& bytes) {
    const std::string path = folder_ / "model.safetensors";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  WeightFile open(const std::string& bytes) { return WeightFile(write(bytes)); }
  /// Message of the refusal; must be bad data that names the file.
  std::string refusal(const std::string& bytes, const WeightLimits& limits = {}) {
    const std::string path = write(bytes);
    try {
      const WeightFile file(path, limits);
    } catch (const DataError& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.rfind(path + ": ", 0), 0U) << message;
      return message.substr(path.size() + 2);
    }
    return "accepted";
  }
  void expect_refused(const std::string& bytes, const std::string& part) {
    const std::string message = refusal(bytes);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  test::TempDir folder_;
};

TEST_F(Safetensors, ReadsTensorsAndMetadata) {
  const WeightFile file =
      open(file_of("{\"__metadata__\":{\"format\":\"pt\"},\"b\":" + field("F32", "[2]", "[8,16]") +
                       ",\"a\":" + field("F32", "[1,2]", "[0,8]") +
                       ",\"empty\":" + field("I64", "[0,5]", "[16,16]") + "}   ",
                   kData));
  ASSERT_EQ(file.entries().size(), 3U);
  EXPECT_EQ(file.entries()[0].name, "a");  // in the order of the bytes
  EXPECT_EQ(file.entries()[0].shape, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.values<float>("a"), (std::vector<float>{1, 2}));
  EXPECT_EQ(file.values<float>("b"), (std::vector<float>{3, 4}));
  EXPECT_TRUE(file.values<std::int64_t>("empty").empty());
  EXPECT_NE(file.find("b"), nullptr);
  EXPECT_EQ(file.find("c"), nullptr);
  EXPECT_THROW(file.entry("c"), DataError);
  EXPECT_THROW(file.values<double>("a"), DataError);
}

TEST_F(Safetensors, AScalarAndAFileWithoutTensors) {
  EXPECT_EQ(open(file_of(one(field("F32", "[]", "[0,4]")), kData.substr(4, 4))).values<float>("w"),
            (std::vector<float>{2}));
  EXPECT_TRUE(open(file_of("{}", "")).entries().empty());
}

TEST_F(Safetensors, UnsupportedTypesAreListedAndNotRead) {
  const WeightFile file = open(file_of(one(field("U32")), kData));
  EXPECT_EQ(file.entry("w").type_name, "U32");
  std::vector<std::byte> out(16);
  EXPECT_THROW(file.read(file.entry("w"), out), DataError);
}

TEST_F(Safetensors, RangesMustTileTheData) {
  const auto two = [](const std::string& a, const std::string& b) {
    return "{\"a\":" + a + ",\"b\":" + b + "}";
  };
  const std::string first = field("F32", "[2]", "[0,8]");
  expect_refused(file_of(two(field(), field("F32", "[2]", "[8,16]")), kData), "inside the tensor");
  expect_refused(file_of(two(first, field("F32", "[1]", "[12,16]")), kData), "behind a gap");
  expect_refused(file_of(one(field()), kData + "tail"), "4 bytes behind the last tensor");
  expect_refused(file_of(one(field("F32", "[8]", "[0,32]")), kData), "needs 16 more bytes");
  expect_refused(file_of(one(field()), kData.substr(3)), "needs 3 more bytes");
  expect_refused(file_of(one(field("F32", "[4]", "[16,0]")), kData), "no begin and end");
  expect_refused(file_of(one(field("F32", "[4]", "[0,16,16]")), kData), "no begin and end");
}

TEST_F(Safetensors, NumbersMustBeCounts) {
  expect_refused(file_of(one(field("F32", "[4]", "[-16,0]")), kData), "a negative number");
  expect_refused(file_of(one(field("F32", "[4]", "[0,16.0]")), kData), "with a fraction");
  expect_refused(file_of(one(field("F32", "[-4]")), kData), "a negative number");
  expect_refused(file_of(one(field("F32", "[4.0]")), kData), "with a fraction");
  expect_refused(file_of(one(field("F32", "[18446744073709551615]")), kData), "too large");
  expect_refused(file_of(one(field("F32", "[4294967296,4294967296]", "[0,0]")), ""), "count");
  expect_refused(file_of(one(field("F32", "[3]")), kData), "16 bytes for a shape that needs 12");
  expect_refused(file_of(one(field("F32", "[1,1,1,1,1,1,1,1,4]")), kData), "more than 8");
}

TEST_F(Safetensors, NamesAndFieldsAppearOnce) {
  const std::string half = field("F32", "[2]", "[0,8]");
  expect_refused(file_of("{\"a\":" + half + ",\"a\":" + field("F32", "[2]", "[8,16]") + "}", kData),
                 "the name \"a\" appears twice");
  expect_refused(file_of(one("{\"dtype\":\"F16\"," + field().substr(1)), kData),
                 "the field \"dtype\" appears twice");
  expect_refused(file_of("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", ""), "appears twice");
  expect_refused(file_of(one("{\"extra\":1," + field().substr(1)), kData), "unknown field");
  expect_refused(file_of(one("{\"dtype\":\"F32\",\"data_offsets\":[0,16]}"), kData),
                 "\"shape\" is missing");
  expect_refused(file_of(one(field("F31")), kData), "the unknown type \"F31\"");
  expect_refused(file_of("{\"__metadata__\":{\"a\":1}," + one(field()).substr(1), kData),
                 "a number where none belongs");
}

TEST_F(Safetensors, TheHeaderMustBeAnObjectOfItsLength) {
  expect_refused("", "empty file");
  expect_refused("123", "too few");
  expect_refused(file_of(one(field()), kData, 10'000), "a header of 10000 bytes");
  expect_refused(file_of(one(field()), kData, std::uint64_t{1} << 63), "byte 0");
  expect_refused(file_of(one(field()), kData, 100'000'001), "byte 0");
  expect_refused(file_of("", kData, 0), "a header of 0 bytes");
  expect_refused(file_of("{weight}", kData), "byte 9: the header is no JSON");
  expect_refused(file_of("[]", ""), "have to begin with {");
  expect_refused(file_of(" " + one(field()), kData), "have to begin with {");
  expect_refused(file_of(one(field()) + "x", kData), "no JSON");
  expect_refused(file_of("{\"\xff\xfe\":" + field() + "}", kData),
                 "byte 10: the header is not UTF-8");
  expect_refused(file_of(one(std::string(100'000, '[') + std::string(100'000, ']')), ""),
                 "an array where none belongs");
  for (const char* value : {"null", "true", "\"text\"", "{}", "7"})
    EXPECT_NE(refusal(file_of(one(value), "")), "accepted") << value;
}

TEST_F(Safetensors, LimitsHoldAtTheirValue) {
  const std::string bytes = file_of(one(field()), kData);
  const auto header = static_cast<std::int64_t>(one(field()).size());
  EXPECT_EQ(refusal(bytes, {.safetensors_header_bytes = header}), "accepted");
  EXPECT_NE(refusal(bytes, {.safetensors_header_bytes = header - 1}), "accepted");
  EXPECT_EQ(refusal(bytes, {.tensor_bytes = 16}), "accepted");
  EXPECT_NE(refusal(bytes, {.tensor_bytes = 15}), "accepted");
  EXPECT_EQ(refusal(bytes, {.dimensions = 2}), "accepted");
  EXPECT_NE(refusal(bytes, {.dimensions = 1}), "accepted");
  EXPECT_EQ(refusal(bytes, {.tensors = 1}), "accepted");
}

TEST_F(Safetensors, CutAnywhereIsRefused) {
  const std::string bytes = file_of(one(field()), kData);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(refusal(bytes.substr(0, size)), "accepted") << size;
}

TEST_F(Safetensors, AFlippedByteIsRefusedOrChangesValuesOnly) {
  const std::string bytes = file_of(one(field()), kData);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x01);
    const std::string path = write(damaged);
    try {
      const WeightFile file(path);
      for (const TensorEntry& entry : file.entries()) {
        std::vector<std::byte> out(entry.bytes);
        if (entry.type != DType::other) file.read(entry, out);
      }
    } catch (const DataError&) {
      EXPECT_LT(i, bytes.size() - kData.size());
    }
  }
}

TEST_F(Safetensors, AFileThatChangesIsNoticed) {
  const WeightFile file = open(file_of(one(field()), kData));
  std::ofstream(folder_ / "model.safetensors", std::ios::binary | std::ios::app) << "more";
  EXPECT_THROW(file.values<float>("w"), DataError);
}

TEST_F(Safetensors, PipesAndFoldersAreRefusedAtOnce) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(WeightFile(folder_ / "pipe"), DataError);
  EXPECT_THROW(WeightFile(folder_.path()), DataError);
  EXPECT_THROW(WeightFile(folder_ / "missing"), DataError);
}

}  // namespace
}  // namespace intr
