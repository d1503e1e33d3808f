// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/sample_annotations.h"

#include <gtest/gtest.h>

#include <numeric>

#include "intr/core/error.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

/// Six samples with the ids and paths of the validation split of a tiny packed set: crow/0.png, ….
/// Their pictures are 64 x 96.
class SampleAnnotations : public ::testing::Test {
 protected:
  SampleAnnotations() : reader_(open()), rows_(6) { std::iota(rows_.begin(), rows_.end(), 0); }

  MapReader open() const {
    test::SyntheticDump dump;
    dump.num_samples = 6;
    dump.dataset_id = std::string(31, '0') + "1";
    dump.first_id = 0;
    dump.classes = test::TinySet().classes;
    dump.adjust = [&](DumpSample& sample) {
      sample.sample_id /= 3;
      sample.path = dump.classes[static_cast<std::size_t>(sample.sample_id % 3)] +
                    fmt::format("/{}.png", sample.sample_id);
    };
    test::write_synthetic_dump(folder_ / "dump", dump);
    return MapReader::open(folder_ / "dump");
  }
  std::string file(const std::string& text) const {
    write_file(folder_ / "table.csv", text);
    return folder_ / "table.csv";
  }
  Annotations boxes(const std::string& lines) const {
    return read_annotations(reader_, rows_, {.boxes = file("path,x,y,width,height\n" + lines)});
  }
  Annotations parts(const std::string& lines) const {
    return read_annotations(reader_, rows_, {.parts = file("path,part,x,y,visible\n" + lines)});
  }
  template <class Read>
  static std::string refusal(const Read& read) {
    try {
      read();
    } catch (const DataError& error) {
      return error.what();
    }
    return "read";
  }
  static void expect(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }

  test::TempDir folder_;
  MapReader reader_;
  std::vector<std::int64_t> rows_;
};

TEST_F(SampleAnnotations, NothingIsGiven) {
  const Annotations none = read_annotations(reader_, rows_, {});
  EXPECT_FALSE(none.has_boxes || none.has_parts);
  EXPECT_EQ(none.samples.size(), 6u);
}

TEST_F(SampleAnnotations, BoxesByPathWithAndWithoutTheSplit) {
  const Annotations all =
      boxes("crow/0.png,1,2,3,4\nval/finch/1.png,5,6,7,8.5\ntrain/crow/0.png,0,0,1,1\n");
  EXPECT_TRUE(all.has_boxes);
  EXPECT_EQ(all.num_boxes, 2);
  EXPECT_EQ(all.unmatched, 1);
  EXPECT_EQ(all.samples[0].box->width, 3);
  EXPECT_EQ(all.samples[1].box->height, 8.5);
  EXPECT_FALSE(all.samples[2].box);
}

TEST_F(SampleAnnotations, PartsThatAreNotListedAreHidden) {
  const Annotations all = parts(
      "crow/0.png,beak,1,2,1\ncrow/0.png,tail,5,6,0\nfinch/1.png,tail,7,8,1\n"
      "heron/2.png,tail,97,8,1\n");
  EXPECT_EQ(all.part_names, (std::vector<std::string>{"beak", "tail"}));
  EXPECT_TRUE(all.samples[0].parts[0].visible);
  EXPECT_FALSE(all.samples[0].parts[1].visible);
  EXPECT_FALSE(all.samples[1].parts[0].visible);
  EXPECT_EQ(all.samples[1].parts[1].point.x, 7);
  EXPECT_FALSE(all.samples[2].parts[1].visible);  // outside the picture
  EXPECT_EQ(all.parts_outside, 1);
}

TEST_F(SampleAnnotations, OnlyTheRowsThatAreAskedFor) {
  rows_ = {1};
  const Annotations all = boxes("crow/0.png,1,2,3,4\nfinch/1.png,5,6,7,8\n");
  ASSERT_EQ(all.samples.size(), 1u);
  EXPECT_EQ(all.samples[0].box->x, 5);
  EXPECT_EQ(all.unmatched, 0);
}

TEST_F(SampleAnnotations, BadFilesAreRefusedWithTheirLine) {
  expect(refusal([&] { boxes("crow/77.png,1,2,3,4\n"); }),
         "line 2: \"crow/77.png\" is no picture of the dump");
  expect(refusal([&] { boxes("crow/0.png,1,2,3,4\nval/crow/0.png,1,2,3,4\n"); }),
         "line 3: \"val/crow/0.png\" stands there twice");
  expect(refusal([&] { boxes("crow/0.png,nan,2,3,4\n"); }), "'nan' of the column 'x' is no number");
  expect(refusal([&] { parts("crow/0.png,beak,1,2,1\ncrow/0.png,beak,1,2,0\n"); }),
         "line 3: part \"beak\" of \"crow/0.png\" stands there twice");
  expect(refusal([&] { read_annotations(reader_, rows_, {.boxes = folder_ / "none.csv"}); }),
         "none.csv");
}

TEST_F(SampleAnnotations, BoxesOutsideTheirPicturesAreMissing) {
  const Annotations all = boxes(
      "crow/0.png,-10,5,10,10\nfinch/1.png,500,500,10,10\ncrow/3.png,-9,-9,10,10\n"
      "finch/4.png,5,5,0,10\n");
  EXPECT_EQ(all.boxes_outside, 3);
  EXPECT_EQ(all.num_boxes, 1);
  EXPECT_FALSE(all.samples[0].box || all.samples[1].box || all.samples[4].box);
  EXPECT_TRUE(all.samples[3].box);  // one pixel of it
}

TEST_F(SampleAnnotations, APackedSetHasThemInItsColumns) {
  test::TinySet set;
  set.annotate = [](SampleColumns& columns) {
    columns.part_names = {"beak", "tail"};
    for (std::int64_t i = 0; i < columns.size(); ++i) {
      const auto id = static_cast<float>(columns.sample_id[static_cast<std::size_t>(i)]);
      const bool boxed = id > 0;
      for (const float value : {id, 2.0F, 3.0F, 4.0F})
        columns.box.push_back(boxed ? value : std::nanf(""));
      columns.part_xy.insert(columns.part_xy.end(), {id, 1, std::nanf(""), std::nanf("")});
      columns.part_visible.insert(columns.part_visible.end(), {1, 1});
    }
    columns.flags.back() |= kReencoded;  // of each shard: samples 2 and 5
  };
  test::make_tiny_set(folder_ / "set", set);
  const Annotations all = read_annotations(reader_, rows_, {.data = folder_ / "set"});
  EXPECT_TRUE(all.has_boxes && all.has_parts);
  EXPECT_FALSE(all.samples[0].box);  // NaN in the set
  EXPECT_EQ(all.samples[1].box->x, 1);
  EXPECT_EQ(all.samples[4].parts[0].point.x, 4);
  EXPECT_TRUE(all.samples[4].parts[0].visible);
  EXPECT_FALSE(all.samples[4].parts[1].visible);
  EXPECT_EQ(all.reencoded, 2);
  EXPECT_FALSE(all.samples[5].box);
  EXPECT_FALSE(all.samples[5].parts[0].visible);
  EXPECT_EQ(all.num_boxes, 3);
  const Annotations replaced = read_annotations(
      reader_, rows_,
      {.data = folder_ / "set", .boxes = file("path,x,y,width,height\ncrow/0.png,9,9,9,9\n")});
  EXPECT_EQ(replaced.num_boxes, 1);
  EXPECT_EQ(replaced.part_names.size(), 2u);
}

TEST_F(SampleAnnotations, AnotherSetIsRefused) {
  test::SyntheticDump other;
  test::write_synthetic_dump(folder_ / "other", other);
  test::make_tiny_set(folder_ / "set");
  const MapReader reader = MapReader::open(folder_ / "other");
  expect(refusal([&] {
           read_annotations(reader, std::vector<std::int64_t>{0}, {.data = folder_ / "set"});
         }),
         "the dump was made from bbbb");
}

}  // namespace
}  // namespace intr
