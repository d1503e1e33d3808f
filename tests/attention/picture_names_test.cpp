// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/picture_names.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

std::string path_of(const std::string& class_name, const std::string& path) {
  DumpFacts facts;
  facts.classes = {class_name};
  DumpSample sample;
  sample.label = 0;
  sample.sample_id = 17;
  sample.path = path;
  return picture_path(facts, sample, "true-mean", "png");
}

TEST(PictureNames, PlainNames) {
  EXPECT_EQ(path_of("001.Bird", "001.Bird/a picture.v2.jpeg"),
            "001.Bird/a picture.v2__17__true-mean.png");
}

TEST(PictureNames, NothingLeavesTheFolder) {
  EXPECT_EQ(path_of("../up", "x/../../etc"), "%2E.%2Fup/etc__17__true-mean.png");
  EXPECT_EQ(path_of("..", ".hidden"), "%2E./%2Ehidden__17__true-mean.png");
  EXPECT_EQ(path_of("/abs", "a/b\n.png"), "%2Fabs/b%0A__17__true-mean.png");
  EXPECT_EQ(path_of("", "a.png"), "_/a__17__true-mean.png");
  EXPECT_EQ(path_of("<script>\"", "a.png").substr(0, 17), "%3Cscript%3E%22/a");
  EXPECT_EQ(path_of("caf\xC3\xA9\xFF", "a.png"), "caf%C3%A9%FF/a__17__true-mean.png");
}

TEST(PictureNames, LongNamesAreCutBetweenEscapes) {
  const std::string path = path_of(std::string(300, '/'), std::string(400, 'n') + ".png");
  const std::size_t slash = path.find('/');
  EXPECT_EQ(slash, 198u);  // 66 escapes of three letters
  EXPECT_EQ(path.size() - slash - 1, 200u);
  EXPECT_TRUE(path.ends_with("n__17__true-mean.png"));
}

TEST(PictureNames, UnknownClass) {
  DumpFacts facts;
  facts.classes = {"a"};
  EXPECT_EQ(class_name(facts, -1), "unknown");
  EXPECT_EQ(class_name(facts, 5), "unknown");
  EXPECT_EQ(class_name(facts, 0), "a");
}

}  // namespace
}  // namespace intr
