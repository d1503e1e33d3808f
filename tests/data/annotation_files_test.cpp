// SPDX-License-Identifier: Apache-2.0
#include "intr/data/annotation_files.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class AnnotationFilesTest : public testing::Test {
 protected:
  std::string file(const std::string& text) {
    write_file(folder_ / "x.csv", text);
    return folder_ / "x.csv";
  }
  template <class Read>
  std::string refusal(Read read, const std::string& text) {
    try {
      read(file(text));
    } catch (const DataError& error) {
      return error.what();
    }
    return "read";
  }
  test::TempDir folder_;
};

TEST_F(AnnotationFilesTest, BoxesHaveTheirColumnsInAnyOrder) {
  const auto rows = read_box_file(file("y,x,path,height,width,note\n2,1.5,a/1.jpg,4,3,n\n"));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].path, "a/1.jpg");
  EXPECT_EQ(rows[0].x, 1.5F);
  EXPECT_EQ(rows[0].y, 2.0F);
  EXPECT_EQ(rows[0].width, 3.0F);
  EXPECT_EQ(rows[0].height, 4.0F);
  EXPECT_EQ(rows[0].line, 2);
}

TEST_F(AnnotationFilesTest, PartsAreVisibleOrNot) {
  const auto rows = read_part_file(file("path,part,x,y,visible\na,left eye,1,2,1\na,beak,0,0,0\n"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].part, "left eye");
  EXPECT_TRUE(rows[0].visible);
  EXPECT_FALSE(rows[1].visible);
}

TEST_F(AnnotationFilesTest, BadValuesAreRefusedWithTheirLine) {
  const std::string box = "path,x,y,width,height\n", part = "path,part,x,y,visible\n";
  EXPECT_NE(refusal(read_box_file, box + "a,1,2,3,4\nb,one,2,3,4\n")
                .find("line 3: 'one' of the column 'x'"),
            std::string::npos);
  EXPECT_NE(refusal(read_box_file, box + "a,1,2,-3,4\n").find("line 2: a box of -3 x 4"),
            std::string::npos);
  EXPECT_NE(refusal(read_box_file, box + ",1,2,3,4\n").find("line 2: the path is empty"),
            std::string::npos);
  EXPECT_NE(refusal(read_box_file, "path,x,y,width\n").find("no column 'height'"),
            std::string::npos);
  EXPECT_NE(refusal(read_part_file, part + "a,b,1,2,yes\n").find("'yes', neither 0 nor 1"),
            std::string::npos);
  for (const std::string number : {"1e7", "-1e300", "1e39"}) {
    const std::string words =
        fmt::format("line 2: '{}' of the column 'x' is no number of pixels", number);
    EXPECT_NE(refusal(read_box_file, fmt::format("{}a,{},2,3,4\n", box, number)).find(words),
              std::string::npos);
    EXPECT_NE(refusal(read_part_file, fmt::format("{}a,b,{},2,1\n", part, number)).find(words),
              std::string::npos);
  }
  EXPECT_NE(refusal(read_part_file, part + "a,,1,2,1\n").find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace intr
