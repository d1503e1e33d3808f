// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/reference_tree.h"

#include <gtest/gtest.h>

#include <map>

#include "attention/drawing_dump.h"
#include "intr/attention/figure.h"
#include "intr/attention/reference_style.h"
#include "intr/core/error.h"

namespace intr {
namespace {

using Names = std::vector<std::string>;

OverlayOptions options_of(const std::string& query) {
  return {.style = "reference", .layout = "reference", .query = query};
}

class ReferenceTreeTest : public ::testing::Test {
 protected:
  std::map<std::string, Image> draw(std::int64_t row, const OverlayOptions& options) const {
    const ReferenceTree tree(reader_, options);
    const DumpSample& sample = reader_.sample(row);
    const SampleMaps maps(reader_.facts(), sample, reader_.maps(row));
    Names names;
    std::map<std::string, Image> files;
    for (NamedPicture& picture : tree.draw(sample, maps, test::DrawingDump::picture(sample))) {
      names.push_back(picture.what);
      files[picture.what] = std::move(picture.image);
    }
    EXPECT_EQ(names, tree.paths(sample));
    EXPECT_EQ(names.size(), files.size());
    return files;
  }
  static Names names_of(const std::map<std::string, Image>& files) {
    Names names;
    for (const auto& [name, image] : files) names.push_back(name);
    return names;
  }

  test::DrawingDump dump_;
  MapReader reader_ = dump_.open();
};

TEST_F(ReferenceTreeTest, TheTrueClassAlone) {
  const std::string top = "visualization/picture 0/heads/";
  EXPECT_EQ(names_of(draw(0, options_of("true"))),
            (Names{top + "avg_head.png", top + "concatenated_True.png", top + "picture 0.png",
                   top + "result_head_0.png", top + "result_head_1.png", top + "result_head_2.png",
                   top + "result_head_3.png"}));
}

TEST_F(ReferenceTreeTest, SimilarQueriesHaveFoldersByHead) {
  const auto files = draw(1, options_of("all"));  // taken for another class
  const std::string top = "visualization/picture 1/";
  EXPECT_TRUE(files.contains(top + "heads/concatenated_False.png"));
  for (const char* c : {"0", "1", "2"}) {
    EXPECT_TRUE(files.contains(top + "head_avg/avg_head_" + c + ".png"));
    EXPECT_TRUE(files.contains(top + "head_3/result_query_" + c + ".png"));
  }
  for (const char* n : {"0", "1", "2", "3"}) {
    EXPECT_TRUE(files.contains(top + "head_" + n + "/picture 1.png"));
    EXPECT_TRUE(files.contains(top + "head_" + n + "/concatenated_False.png"));
  }
  EXPECT_EQ(files.size(), 7u + 3u + 4u * 5u);
}

TEST_F(ReferenceTreeTest, PicturesAreThoseOfThePublishedStyle) {
  const auto files = draw(1, options_of("all"));
  const std::string top = "visualization/picture 1/";
  const DumpSample& sample = reader_.sample(1);
  const SampleMaps maps(reader_.facts(), sample, reader_.maps(1));
  const Image photo = reduce_for_reference(test::DrawingDump::picture(sample));
  const auto overlay_of = [&](std::span<const float> map) {
    return draw_reference_overlay(photo, map, sample.grid).picture;
  };
  EXPECT_EQ(files.at(top + "heads/picture 1.png").rgb, photo.rgb);
  // Image, heads in order, mean.
  std::vector<Image> row = {photo};
  for (std::int64_t head = 0; head < 4; ++head) row.push_back(overlay_of(maps.head(0, 0, head)));
  row.push_back(overlay_of(maps.mean(0, 0)));
  EXPECT_EQ(files.at(top + "heads/result_head_2.png").rgb, row[3].rgb);
  EXPECT_EQ(files.at(top + "heads/avg_head.png").rgb, row[5].rgb);
  EXPECT_EQ(files.at(top + "heads/concatenated_False.png").rgb, concatenate(row, 0).rgb);
  // Image, queries in stored order: the true class, then the others from the best on.
  ASSERT_EQ(sample.query, (std::vector<std::int32_t>{1, 2, 0}));
  std::vector<Image> queries = {photo};
  for (std::int64_t slot = 0; slot < 3; ++slot)
    queries.push_back(overlay_of(maps.head(0, slot, 1)));
  EXPECT_EQ(files.at(top + "head_1/result_query_2.png").rgb, queries[2].rgb);
  EXPECT_EQ(files.at(top + "head_1/concatenated_False.png").rgb, concatenate(queries, 0).rgb);
  EXPECT_EQ(files.at(top + "head_avg/avg_head_0.png").rgb, overlay_of(maps.mean(0, 2)).rgb);
}

TEST_F(ReferenceTreeTest, ASampleWithoutLabelShowsItsBestClass) {
  const auto files = draw(4, options_of("true"));
  EXPECT_TRUE(files.contains("visualization/picture 4/heads/concatenated_False.png"));
}

TEST(ReferenceTree, ADumpOfMeansHasNoFoldersOfHeads) {
  test::SyntheticDump means;
  means.mean_only = true;
  const test::DrawingDump dump(means);
  const MapReader reader = dump.open();
  const ReferenceTree tree(reader, options_of("all"));
  const std::string top = "visualization/picture 0/";
  EXPECT_EQ(tree.paths(reader.sample(0)),
            (Names{top + "heads/picture 0.png", top + "heads/avg_head.png",
                   top + "heads/concatenated_True.png", top + "head_avg/avg_head_0.png",
                   top + "head_avg/avg_head_1.png", top + "head_avg/avg_head_2.png"}));
}

TEST_F(ReferenceTreeTest, OnlyThePublishedStyle) {
  OverlayOptions clean = options_of("all");
  clean.style = "clean";
  EXPECT_THROW(ReferenceTree(reader_, clean), UsageError);
}

}  // namespace
}  // namespace intr
