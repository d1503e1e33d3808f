// SPDX-License-Identifier: Apache-2.0
#include "preprocess/csv_manifest.h"

#include <gtest/gtest.h>

#include <cmath>

#include "intr/core/error.h"
#include "support/temp_dir.h"
#include "tiny_source.h"

namespace intr {
namespace {

class CsvManifestTest : public testing::Test {
 protected:
  CsvManifestTest() {
    for (int i = 0; i < 4; ++i)
      test::put(folder_ / ("p/" + std::to_string(i) + ".jpg"), test::jpeg(i));
    test::put(folder_ / "p/a, \"b\"\n.jpg", test::jpeg(9));
  }
  Listing scan(const std::string& text, SourceRules rules = {.splits = {}},
               const std::string& root = {}, const std::string& split = {}) {
    write_file(folder_ / "list.csv", text);
    return CsvManifest(folder_ / "list.csv", std::move(rules), root, split).scan();
  }
  std::string refusal(const std::string& text, const std::string& root = {},
                      const std::string& split = {}) {
    try {
      scan(text, {.splits = {}, .allow_empty = true}, root, split);
    } catch (const Error& error) {
      return error.what();
    }
    return "scanned";
  }
  void expect_refusal(const std::string& text, const std::string& what) {
    EXPECT_NE(refusal(text).find(what), std::string::npos) << refusal(text);
  }
  test::TempDir folder_;
};

TEST_F(CsvManifestTest, SamplesAreInTheOrderOfTheRowsOfTheirSplit) {
  const Listing listing = scan(
      "path,label,split\np/3.jpg,wren,train\np/0.jpg,crow,val\n\"p/a, "
      "\"\"b\"\"\n.jpg\",crow,train\np/1.jpg,wren,val\n");
  EXPECT_EQ(listing.classes, (std::vector<std::string>{"crow", "wren"}));
  ASSERT_EQ(listing.splits.size(), 2u);
  EXPECT_EQ(listing.splits[0].name, "train");
  const auto& files = listing.splits[0].files;
  EXPECT_EQ(files[0].path, "p/3.jpg");
  EXPECT_EQ(files[0].label, 1);
  EXPECT_EQ(files[1].path, "p/a, \"b\"\n.jpg");
  EXPECT_EQ(files[1].sample_id, 1u);
  EXPECT_GT(files[1].size, 0u);
}

TEST_F(CsvManifestTest, NumbersAreSortedByValue) {
  const Listing listing =
      scan("path,label\np/0.jpg,10\np/1.jpg,9\np/2.jpg,010\n", {.splits = {}}, {}, "train");
  EXPECT_EQ(listing.classes, (std::vector<std::string>{"9", "010", "10"}));
  const Listing words =
      scan("path,label\np/0.jpg,10\np/1.jpg,9\np/2.jpg,x\n", {.splits = {}}, {}, "train");
  EXPECT_EQ(words.classes, (std::vector<std::string>{"10", "9", "x"}));
}

TEST_F(CsvManifestTest, BoxesAreOptionalByRow) {
  const Listing listing = scan(
      "path,label,split,box_x,box_y,box_width,box_height,note\np/0.jpg,a,t,1,2,3,4.5,n\np/"
      "1.jpg,a,t,,,,,\n");
  EXPECT_TRUE(listing.has_boxes);
  EXPECT_EQ(listing.splits[0].files[0].annotations.box, (std::array<float, 4>{1, 2, 3, 4.5F}));
  EXPECT_TRUE(std::isnan(listing.splits[0].files[1].annotations.box[0]));
  ASSERT_EQ(listing.warnings.size(), 1u);
  EXPECT_NE(listing.warnings[0].find("note"), std::string::npos);
}

TEST_F(CsvManifestTest, PathsStayBelowTheirFolderUnlessAnyAreAllowed) {
  expect_refusal("path,label,split\n../x.jpg,a,t\n", "line 2: '../x.jpg' leads out of the folder");
  const std::string absolute = folder_ / "p/0.jpg";
  expect_refusal("path,label,split\n" + absolute + ",a,t\n", "--root /");
  const Listing listing = scan("path,label,split\n" + absolute + ",a,t\n", {.splits = {}}, "/");
  EXPECT_EQ(listing.splits[0].files[0].path, absolute.substr(1));
  EXPECT_GT(listing.splits[0].files[0].size, 0u);
  EXPECT_EQ(
      scan("path,label,split\n0.jpg,a,t\n", {.splits = {}}, folder_ / "p").splits[0].files.size(),
      1u);
}

TEST_F(CsvManifestTest, EachFaultIsSaidWithItsLine) {
  expect_refusal("path,split\n", "no column 'label'");
  expect_refusal("path,label,split\n", "lists no picture");
  expect_refusal("path,label,split\np/0.jpg,,t\n", "line 2: the label is empty");
  expect_refusal("path,label,split\n,a,t\n", "line 2: the path is empty");
  expect_refusal("path,label,split\np/0.jpg,a,a b\n", "line 2: 'a b' is no split name");
  expect_refusal("path,label,split\np/0.jpg,a,t\np/0.jpg,b,t\n",
                 "line 3: the picture of line 2 again");
  expect_refusal("path,label,split\np/gone.jpg,a,t\n", "gone.jpg");
  expect_refusal("path,label,split,box_x\np/0.jpg,a,t,1\n", "a box needs all of the columns");
  expect_refusal("path,label,split,box_x,box_y,box_width,box_height\np/0.jpg,a,t,1,2,x,4\n",
                 "line 2: 'x' of the column 'box_width'");
  EXPECT_NE(refusal("path,label\np/0.jpg,a\n").find("--split NAME"), std::string::npos);
  EXPECT_NE(
      refusal("path,label,split\np/0.jpg,a,t\n", {}, "train").find("column 'split' of its own"),
      std::string::npos);
}

TEST_F(CsvManifestTest, SplitsAndClassesCanBeChosen) {
  const std::string text = "path,label,split\np/0.jpg,a,t\np/1.jpg,b,v\n";
  const Listing one = scan(text, {.splits = {"v"}, .allow_empty = true});
  ASSERT_EQ(one.splits.size(), 1u);
  EXPECT_EQ(one.splits[0].files[0].label, 1);
  EXPECT_THROW(scan(text, {.splits = {"w"}}), DataError);
  EXPECT_EQ(scan(text, {.splits = {}, .classes = {"b", "a"}, .allow_empty = true})
                .splits[0]
                .files[0]
                .label,
            1);
  EXPECT_THROW(scan(text, {.splits = {}, .classes = {"a"}, .allow_empty = true}), DataError);
}

}  // namespace
}  // namespace intr
