// SPDX-License-Identifier: Apache-2.0
#include "preprocess/idx_files.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/image/decode.h"
#include "support/temp_dir.h"
#include "tiny_source.h"

namespace intr {
namespace {

std::string number(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

class IdxFilesTest : public testing::Test {
 protected:
  IdxFilesTest() {
    put("train-images-idx3-ubyte", pictures(3));
    put("train-labels-idx1-ubyte", labels({1, 0, 1}));
    put("t10k-images-idx3-ubyte", pictures(2));
    put("t10k-labels-idx1-ubyte", labels({0, 1}));
  }
  /// Pictures of 2 rows and 3 columns; pixel p of picture i has the value 10 i + p.
  static std::string pictures(int count) {
    std::string text =
        number(0x803) + number(static_cast<std::uint32_t>(count)) + number(2) + number(3);
    for (int i = 0; i < count; ++i)
      for (int p = 0; p < 6; ++p) text += static_cast<char>(10 * i + p);
    return text;
  }
  static std::string labels(const std::vector<int>& values) {
    std::string text = number(0x801) + number(static_cast<std::uint32_t>(values.size()));
    for (const int value : values) text += static_cast<char>(value);
    return text;
  }
  void put(const std::string& name, const std::string& contents) {
    test::put(folder / name, contents);
  }
  std::string refusal(SourceRules rules = {}) {
    try {
      IdxFiles(folder.path(), std::move(rules)).scan();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  test::TempDir folder;
};

TEST_F(IdxFilesTest, ListsPicturesInFileOrder) {
  IdxFiles source(folder.path(), {});
  const Listing listing = source.scan();
  EXPECT_EQ(listing.classes, (std::vector<std::string>{"0", "1"}));
  ASSERT_EQ(listing.splits[0].files.size(), 3u);
  EXPECT_EQ(listing.splits[0].files[2].path, "1/00000002.png");
  EXPECT_EQ(listing.splits[0].files[2].label, 1);
  EXPECT_EQ(listing.splits[1].files[0].path, "0/00000000.png");
}

TEST_F(IdxFilesTest, StoresGreyPngWithTheSamePixels) {
  IdxFiles source(folder.path(), {.classes = {"shoe", "bag"}});
  const Listing listing = source.scan();
  EXPECT_EQ(listing.splits[0].files[0].path, "bag/00000000.png");
  const LoadedFile loaded = source.load("train", listing.splits[0].files[2]);
  ImageFacts facts;
  const Image image = decode_image(loaded.bytes, "picture 2", &facts);
  EXPECT_EQ(facts.mode, PixelMode::kL);
  EXPECT_EQ(image.size, (ImageSize{2, 3}));
  for (std::size_t p = 0; p < 6; ++p) EXPECT_EQ(image.rgb[3 * p], 20 + p);
  EXPECT_EQ(loaded.flags, kReencoded);
}

TEST_F(IdxFilesTest, ReadsCompressedFiles) {
  const std::string plain = folder / "train-images-idx3-ubyte";
  const std::string contents = read_file(plain);
  const gzFile file = gzopen((plain + ".gz").c_str(), "wb");
  gzwrite(file, contents.data(), static_cast<unsigned>(contents.size()));
  gzclose(file);
  std::filesystem::remove(plain);
  EXPECT_TRUE(looks_like_idx(folder.path()));
  EXPECT_EQ(refusal(), "no error");
  std::filesystem::resize_file(plain + ".gz", std::filesystem::file_size(plain + ".gz") - 12);
  EXPECT_NE(refusal().find("train-images-idx3-ubyte.gz"), std::string::npos) << refusal();
  EXPECT_NE(refusal(), "no error");
}

TEST_F(IdxFilesTest, SaysBothNumbersWhenSizesDisagree) {
  put("train-images-idx3-ubyte", pictures(3).substr(0, 30));
  EXPECT_NE(refusal().find("ends at byte 30, its header says 34"), std::string::npos) << refusal();
  put("train-images-idx3-ubyte", pictures(3) + "x");
  EXPECT_NE(refusal().find("ends at byte 35, its header says 34"), std::string::npos) << refusal();
  put("train-images-idx3-ubyte", pictures(2));
  EXPECT_NE(refusal().find("has 3 labels"), std::string::npos) << refusal();
  put("train-images-idx3-ubyte", labels({1}));
  EXPECT_NE(refusal().find("begins with 0x801, idx files of this kind begin with 0x803"),
            std::string::npos)
      << refusal();
  put("train-images-idx3-ubyte", "\x08");
  EXPECT_NE(refusal().find("ends within its header"), std::string::npos) << refusal();
}

TEST_F(IdxFilesTest, RefusesMissingFilesSplitsAndClassNames) {
  EXPECT_NE(refusal({.classes = {"one"}}).find("--classes names 1 classes"), std::string::npos);
  EXPECT_NE(refusal({.splits = {"test"}}).find("no split 'test'"), std::string::npos);
  EXPECT_NE(refusal({.classes = {"a", "b", "c"}}).find("classes without pictures"),
            std::string::npos);
  std::filesystem::remove(folder / "t10k-labels-idx1-ubyte");
  EXPECT_NE(refusal().find("has no t10k-labels-idx1-ubyte"), std::string::npos) << refusal();
  EXPECT_EQ(refusal({.splits = {"train"}}), "no error");
}

}  // namespace
}  // namespace intr
