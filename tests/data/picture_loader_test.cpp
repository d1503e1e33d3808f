// SPDX-License-Identifier: Apache-2.0
#include "intr/data/picture_loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "intr/core/hash.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

constexpr std::int64_t kCount = 12;
const Transform kTransform{.kind = Transform::Kind::kValidation, .image_size = 32};

/// The pictures of a packed set, and the same pictures as files in the order of the set.
class PictureLoaderTest : public testing::Test {
 protected:
  PictureLoaderTest() {
    test::TinySet what;
    what.samples = {{"val", kCount}};
    test::make_tiny_set(dir_ / "set", what);
    for (std::int64_t i = 0; i < kCount; ++i) {
      const std::string path = dir_ / (std::to_string(i) + ".png");
      const auto bytes = encode_png(test::tiny_picture(what.size(i), i, i % 3));
      write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      paths_.push_back(path);
    }
  }

  test::TempDir dir_;
  std::vector<std::string> paths_;
};

TEST_F(PictureLoaderTest, GivesTheBatchesOfThePackedSet) {
  const DataIndex index = DataIndex::open(dir_ / "set", "val");
  const ShardReader reader(index);
  for (const std::int64_t batch_size : {1, 2, 12}) {
    EvaluationLoader packed(index, reader, kTransform,
                            plan_evaluation(index, kTransform, batch_size), {});
    PictureLoader loader(paths_, {kTransform, batch_size, 3});
    while (const std::optional<MicroBatch> expected = packed.next()) {
      const std::optional<PictureBatch> batch = loader.next();
      ASSERT_TRUE(batch);
      EXPECT_EQ(batch->input.sample_ids, expected->sample_ids);
      EXPECT_EQ(batch->input.rows, expected->rows);
      EXPECT_EQ(batch->input.sizes, expected->sizes);
      EXPECT_EQ(batch->input.padded, expected->padded);
      EXPECT_EQ(batch->input.offsets, expected->offsets);
      EXPECT_TRUE(std::ranges::equal(batch->input.pixels, expected->pixels));
      for (std::size_t i = 0; i < batch->pictures.size(); ++i)
        EXPECT_EQ(batch->pictures[i].hash, index.hash(expected->rows[i]));
    }
    EXPECT_FALSE(loader.next());
    EXPECT_TRUE(loader.bad().empty());
  }
}

TEST_F(PictureLoaderTest, PhotosAreKeptOnRequest) {
  PictureLoader without({paths_[0]}, {kTransform, 1, 1});
  EXPECT_TRUE(without.next()->pictures[0].photo.rgb.empty());
  PictureLoader with({paths_[0]}, {kTransform, 1, 1, true});
  const PictureBatch batch = *with.next();
  EXPECT_EQ(batch.pictures[0].photo.rgb, test::tiny_picture({20, 24}, 0, 0).rgb);
  EXPECT_EQ(batch.pictures[0].facts.size, (ImageSize{20, 24}));
  EXPECT_EQ(batch.input.labels, (std::vector<std::int64_t>{-1}));
}

TEST_F(PictureLoaderTest, BadFilesAreNotedAndTheOthersCome) {
  write_file(dir_ / "text.png", "this is no picture");
  std::string half = read_file(paths_[5]);
  write_file(dir_ / "half.png", half.substr(0, half.size() / 2));  // its header is good
  const auto thin = encode_png(test::tiny_picture({1, 3000}, 0, 0));
  write_file(dir_ / "thin.png", {reinterpret_cast<const char*>(thin.data()), thin.size()});
  std::vector<std::string> paths = {dir_ / "none.png", paths_[0],         dir_ / "half.png",
                                    dir_ / "text.png", dir_ / "thin.png", dir_.path()};
  PictureLoader loader(paths, {kTransform, 2, 2});
  std::set<std::int64_t> good;
  while (const auto batch = loader.next())
    good.insert(batch->input.rows.begin(), batch->input.rows.end());
  EXPECT_EQ(good, (std::set<std::int64_t>{1}));
  std::set<std::int64_t> bad;
  for (const BadPicture& one : loader.bad()) {
    bad.insert(one.position);
    EXPECT_NE(one.message.find(paths[static_cast<std::size_t>(one.position)]), std::string::npos)
        << one.message;
  }
  EXPECT_EQ(bad, (std::set<std::int64_t>{0, 2, 3, 4, 5}));
}

TEST_F(PictureLoaderTest, ItCanBeLeftEarly) {
  PictureLoader loader(paths_, {kTransform, 1, 2});
  EXPECT_TRUE(loader.next());  // and the next batch is in work
}

TEST_F(PictureLoaderTest, NoPictures) {
  PictureLoader loader({}, {kTransform, 1, 2});
  EXPECT_FALSE(loader.next());
}

}  // namespace
}  // namespace intr
