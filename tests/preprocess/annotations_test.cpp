// SPDX-License-Identifier: Apache-2.0
#include "preprocess/annotations.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "intr/core/error.h"
#include "support/temp_dir.h"
#include "tiny_source.h"

namespace intr {
namespace {

class AnnotationsTest : public testing::Test {
 protected:
  AnnotationsTest() {
    listing_.splits = {{"train", {}}, {"val", {}}};
    for (const char* path : {"a/1.jpg", "a/2.jpg", "a/both.jpg"}) add(0, path);
    add(1, "a/both.jpg");
  }
  void add(std::size_t split, const char* path) {
    SourceFile file;
    file.path = path;
    listing_.splits[split].files.push_back(file);
  }
  std::string file(const std::string& text) {
    write_file(folder_ / "x.csv", text);
    return folder_ / "x.csv";
  }
  std::string refusal(void (*add_file)(Listing&, const std::string&), const std::string& text) {
    try {
      add_file(listing_, file(text));
    } catch (const DataError& error) {
      return error.what();
    }
    return "added";
  }
  test::TempDir folder_;
  Listing listing_;
};

constexpr const char* kBoxes = "path,x,y,width,height\n";
constexpr const char* kParts = "path,part,x,y,visible\n";

TEST_F(AnnotationsTest, PicturesWithoutARowHaveNoBox) {
  add_boxes(listing_, file(std::string(kBoxes) + "a/1.jpg,1,2,3,4\nval/a/both.jpg,5,6,7,8\n"));
  EXPECT_TRUE(listing_.has_boxes);
  EXPECT_EQ(listing_.splits[0].files[0].annotations.box[3], 4.0F);
  EXPECT_TRUE(std::isnan(listing_.splits[0].files[1].annotations.box[0]));
  EXPECT_TRUE(std::isnan(listing_.splits[0].files[2].annotations.box[0]));
  EXPECT_EQ(listing_.splits[1].files[0].annotations.box[0], 5.0F);
}

TEST_F(AnnotationsTest, PartsAreNumberedAsTheirNamesAppear) {
  add_parts(listing_, file(std::string(kParts) + "a/1.jpg,wing,1,2,1\na/2.jpg,beak,3,4,1\n"));
  EXPECT_EQ(listing_.part_names, (std::vector<std::string>{"wing", "beak"}));
  EXPECT_EQ(listing_.splits[0].files[0].annotations.part_visible,
            (std::vector<std::uint8_t>{1, 0}));
  const std::vector<float>& places = listing_.splits[0].files[1].annotations.part_xy;
  EXPECT_TRUE(std::isnan(places[0]) && std::isnan(places[1])) << "a part without a row";
  EXPECT_EQ((std::vector<float>{places[2], places[3]}), (std::vector<float>{3, 4}));
  EXPECT_EQ(listing_.splits[1].files[0].annotations.part_visible,
            (std::vector<std::uint8_t>{0, 0}));
}

TEST_F(AnnotationsTest, UnknownAmbiguousAndDoubledPathsAreRefused) {
  EXPECT_NE(refusal(add_boxes, std::string(kBoxes) + "a/9.jpg,1,2,3,4\n")
                .find("line 2: 'a/9.jpg' is no picture"),
            std::string::npos);
  EXPECT_NE(
      refusal(add_boxes, std::string(kBoxes) + "a/both.jpg,1,2,3,4\n").find("is in two splits"),
      std::string::npos);
  EXPECT_NE(refusal(add_boxes, std::string(kBoxes) + "a/1.jpg,1,2,3,4\ntrain/a/1.jpg,1,2,3,4\n")
                .find("line 3: 'train/a/1.jpg' stands there twice"),
            std::string::npos);
  EXPECT_NE(refusal(add_parts, std::string(kParts) + "a/1.jpg,w,1,2,1\na/1.jpg,w,1,2,1\n")
                .find("line 3: part 'w'"),
            std::string::npos);
}

TEST_F(AnnotationsTest, TheirIdentityFollowsEveryValue) {
  EXPECT_EQ(annotation_hash(listing_), "");
  add_boxes(listing_, file(std::string(kBoxes) + "a/1.jpg,1,2,3,4\n"));
  const std::string first = annotation_hash(listing_);
  add_boxes(listing_, file(std::string(kBoxes) + "a/1.jpg,1,2,3,5\n"));
  EXPECT_NE(annotation_hash(listing_), first);
  add_boxes(listing_, file(std::string(kBoxes) + "a/1.jpg,1,2,3,4\n"));
  EXPECT_EQ(annotation_hash(listing_), first);
  EXPECT_EQ(first.size(), 32u);
}

TEST_F(AnnotationsTest, BoxesMoreThanAPixelOutsideAreCounted) {
  SampleColumns columns;
  listing_.has_boxes = true;
  const std::array<std::array<float, 4>, 4> boxes = {
      {{0, 0, 10, 10}, {-1, 0, 11, 11}, {0, 0, 11.5F, 10}, {NAN, NAN, NAN, NAN}}};
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    columns.add_path(fmt::format("p{}", i));
    columns.width.push_back(10);
    columns.height.push_back(10);
    append_annotations(columns, listing_, {boxes[i], {}, {}});
  }
  EXPECT_EQ(boxes_outside(columns).count, 1);
  EXPECT_EQ(boxes_outside(columns).first, "p2");
}

}  // namespace
}  // namespace intr
