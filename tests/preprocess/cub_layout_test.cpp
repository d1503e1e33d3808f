// SPDX-License-Identifier: Apache-2.0
#include "preprocess/cub_layout.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "intr/core/error.h"
#include "preprocess/image_folder.h"
#include "support/temp_dir.h"
#include "tiny_cub.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class CubLayoutTest : public testing::Test {
 protected:
  CubLayoutTest() { test::make_tiny_cub(root_); }

  Listing scan(SourceRules rules = {}) { return CubLayout(root_, std::move(rules)).scan(); }
  std::string refusal() {
    try {
      scan();
    } catch (const DataError& error) {
      return error.what();
    }
    return "scanned";
  }
  /// What is said when a file is changed.
  std::string refusal_after(const std::string& file, const std::string& from,
                            const std::string& to) {
    const std::string path = root_ + "/" + file;
    const std::string before = read_file(path);
    std::string after = before;
    const std::size_t at = after.find(from);
    EXPECT_NE(at, std::string::npos) << file << ": " << from;
    after.replace(at, from.size(), to);
    write_file(path, after);
    const std::string text = refusal();
    write_file(path, before);
    return text;
  }

  test::TempDir folder_;
  std::string root_ = folder_ / "cub";
};

TEST_F(CubLayoutTest, IdsAreThoseOfAnImageFolderOfTheSameFiles) {
  const std::string as_folder = folder_ / "folder";
  test::make_folder_of_tiny_cub(root_, as_folder);
  const Listing cub = scan();
  const Listing plain = ImageFolder(as_folder, {}, HiddenPolicy::kRefuse).scan();
  ASSERT_EQ(cub.classes, plain.classes);
  ASSERT_EQ(cub.splits.size(), plain.splits.size());
  for (std::size_t s = 0; s < cub.splits.size(); ++s) {
    ASSERT_EQ(cub.splits[s].files.size(), plain.splits[s].files.size());
    for (std::size_t i = 0; i < cub.splits[s].files.size(); ++i) {
      EXPECT_EQ(cub.splits[s].files[i].path, plain.splits[s].files[i].path);
      EXPECT_EQ(cub.splits[s].files[i].label, plain.splits[s].files[i].label);
      EXPECT_EQ(cub.splits[s].files[i].sample_id, plain.splits[s].files[i].sample_id);
      EXPECT_EQ(cub.splits[s].files[i].size, plain.splits[s].files[i].size);
    }
  }
}

TEST_F(CubLayoutTest, BoxesAndPartsAreTakenUnchanged) {
  const Listing listing = scan();
  EXPECT_TRUE(listing.has_boxes);
  EXPECT_EQ(listing.part_names, (std::vector<std::string>{"left wing", "beak"}));
  const SourceFile& file = listing.splits[0].files[1];
  EXPECT_EQ(file.path, "001.Crow/a.jpg");
  EXPECT_EQ(file.annotations.box, (std::array<float, 4>{1.5F, 2, 10, 12}));
  EXPECT_EQ(file.annotations.part_xy, (std::vector<float>{3, 4.5F, 0, 0}));
  EXPECT_EQ(file.annotations.part_visible, (std::vector<std::uint8_t>{1, 0}));
}

TEST_F(CubLayoutTest, BoxesAndPartsAreOptionalAsAWhole) {
  fs::remove(root_ + "/bounding_boxes.txt");
  fs::remove_all(root_ + "/parts");
  const Listing listing = scan();
  EXPECT_FALSE(listing.has_boxes);
  EXPECT_TRUE(listing.part_names.empty());
  EXPECT_TRUE(std::isnan(listing.splits[0].files[0].annotations.box[0]));
}

TEST_F(CubLayoutTest, EachFaultIsSaidWithFileLineAndValue) {
  const auto expect = [&](const std::string& text, const std::string& what) {
    EXPECT_NE(text.find(what), std::string::npos) << text << "\nexpected: " << what;
  };
  expect(refusal_after("images.txt", "2 001", "1 001"),
         "images.txt: line 2: picture 1 stands there twice");
  expect(refusal_after("images.txt", "b.jpg", "a.jpg"), "line 2: the path of line 1 again");
  expect(refusal_after("images.txt", "001.Crow/b.jpg", "../b.jpg"), "leads out of images/");
  expect(refusal_after("images.txt", "b.jpg", "b..jpg"), "b..jpg: ");  // a name, no way out
  expect(refusal_after("images.txt", "b.jpg", "gone.jpg"), "gone.jpg");
  expect(refusal_after("image_class_labels.txt", "2 1\n", ""), "has no line for picture 2");
  expect(refusal_after("image_class_labels.txt", "2 1\n", "9 1\n"),
         "line 2: picture 9 is not in images.txt");
  expect(refusal_after("image_class_labels.txt", "2 1\n", "2 3\n"),
         "line 2: '3' is no whole number from 1 to 2");
  expect(refusal_after("image_class_labels.txt", "2 1\n", "2 2\n"),
         "line 2: class 2 is '002.Finch', but the picture lies in '001.Crow'");
  expect(refusal_after("image_class_labels.txt", "2 1\n", "1 1\n"),
         "line 2: picture 1 stands there twice");
  expect(refusal_after("image_class_labels.txt", "2 1\n", "2\n"),
         "line 2: has 1 fields, 2 are needed");
  expect(refusal_after("train_test_split.txt", "2 0\n", "2 2\n"),
         "train_test_split.txt: line 2: '2' is no whole");
  expect(refusal_after("classes.txt", "2 002", "1 002"), "line 2: number 1 stands there twice");
  expect(refusal_after("bounding_boxes.txt", "10.0", "ten"),
         "bounding_boxes.txt: line 1: 'ten' is no number");
  expect(refusal_after("parts/part_locs.txt", "1 2 0.0 0.0 0\n", ""),
         "no line for part 2 of picture 1");
  expect(refusal_after("parts/part_locs.txt", "1 2 0.0 0.0 0\n", "1 1 0.0 0.0 0\n"),
         "line 2: part 1 of picture 1 stands there twice");
  fs::remove(root_ + "/parts/parts.txt");
  expect(refusal(), "parts.txt");
}

TEST_F(CubLayoutTest, OnlyItsOwnSplitsAndClasses) {
  EXPECT_EQ(scan({.splits = {"val"}}).splits.size(), 1u);
  EXPECT_THROW(scan({.splits = {"test"}}), UsageError);
  EXPECT_THROW(scan({.classes = {"x", "y"}}), DataError);
  EXPECT_TRUE(looks_like_cub(root_));
  EXPECT_FALSE(looks_like_cub(folder_.path()));
}

}  // namespace
}  // namespace intr
