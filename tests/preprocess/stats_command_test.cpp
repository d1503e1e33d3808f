// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>

#include "intr/core/error.h"
#include "intr/image/decode.h"
#include "packed_set.h"
#include "preprocess/padding_figures.h"
#include "preprocess/pixel_statistics.h"
#include "preprocess/set_statistics.h"

namespace intr {
namespace {

using test::quoted;

class StatsCommandTest : public test::PackedSetTest {};

TEST_F(StatsCommandTest, CountsASplit) {
  test::put(root + "/train/b/9.png", test::jpeg(100, {48, 40}));  // a JPEG under another name
  pack();
  const auto all = json_of("stats");
  EXPECT_EQ(all["splits"].size(), 2u);
  const auto& train = all["splits"]["train"];
  EXPECT_EQ(train["samples"], 7);
  EXPECT_EQ(train["classes"]["samples"].dump(), R"({"min":3,"median":3.5,"mean":3.5,"max":4})");
  EXPECT_EQ(train["classes"]["each"].dump(), R"({"a":3,"b":4})");
  EXPECT_EQ(train["width"].dump(),
            R"({"min":32,"median":32.0,"mean":33.142857142857146,"max":40})");
  EXPECT_EQ(train["height"]["max"], 48);
  EXPECT_EQ(train["codecs"].dump(), R"({"jpeg":5,"png":2})");
  EXPECT_EQ(train["modes"].dump(), R"({"RGB":7})");
  EXPECT_EQ(train["flags"]["extension_mismatch"], 1);
  EXPECT_EQ(train["padding"]["batch_size"], 12);
  EXPECT_GT(train["padding"]["val"]["plain"]["share"], 0.0);
  EXPECT_EQ(train["padding"]["val"]["bucketed"]["share"], 0.0);
  EXPECT_FALSE(train.contains("pixel_statistics"));
  const std::string text = on_set("stats", "--split train").output;
  EXPECT_NE(text.find("samples each: 3 to 4, median 3.5, mean 3.5\n"), std::string::npos) << text;
  EXPECT_NE(text.find("codecs        5 jpeg, 2 png\n"), std::string::npos) << text;
  EXPECT_NE(text.find("% as it comes, 0.0 % grouped by size\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("split val"), std::string::npos) << text;
}

TEST_F(StatsCommandTest, PixelsDoNotDependOnThreads) {
  pack();
  const auto one = json_of("stats", "--pixels --quiet --threads 1");
  EXPECT_EQ(json_of("stats", "--pixels --quiet --threads 7"), one);
  double sum = 0, squares = 0;
  std::size_t count = 0;
  for (const char* name : {"a/0.jpg", "a/1.png", "b/0.jpg", "b/1.png"}) {
    const std::string bytes = read_file(root + "/val/" + name);
    const Image image = decode_image(std::as_bytes(std::span(bytes)), name);
    for (std::size_t i = 1; i < image.rgb.size(); i += 3, ++count) {
      sum += image.rgb[i] / 255.0;
      squares += image.rgb[i] / 255.0 * image.rgb[i] / 255.0;
    }
  }
  const auto n = static_cast<double>(count);
  const auto& pixels = one["splits"]["val"]["pixel_statistics"];
  EXPECT_EQ(pixels["pixels"], count);
  EXPECT_NEAR(pixels["mean"][1], sum / n, 1e-12);
  EXPECT_NEAR(pixels["deviation"][1], std::sqrt(squares / n - sum / n * sum / n), 1e-9);
  EXPECT_NE(on_set("stats", "--pixels --split val").output.find("  mean          0."),
            std::string::npos);
}

TEST_F(StatsCommandTest, RefusesWrongUseAndDamage) {
  pack();
  expect_refused(on_set("stats", "--split vla"), 2, "did you mean 'val'?");
  expect_refused(on_set("stats", "--threads -1"), 2, "--threads");
  expect_damage_is_refused("stats", "--split val");
  const auto sample = json_of("show", "--split val --sample 3");
  test::flip_byte(set + "/" + sample["shard"].get<std::string>(),
                  sample["byte_of_shard"].get<std::uint64_t>() + 9);
  EXPECT_EQ(on_set("stats").exit_code, 0) << "pictures are not read";
  expect_refused(on_set("stats", "--pixels"), 65, "sample 3 (b/1.png), bytes ");
}

TEST(SpreadOf, HandComputed) {
  EXPECT_TRUE(spread_of({}).is_null());
  EXPECT_EQ(spread_of({5}).dump(), R"({"min":5,"median":5.0,"mean":5.0,"max":5})");
  EXPECT_EQ(spread_of({9, 1, 4, 2}).dump(), R"({"min":1,"median":3.0,"mean":4.0,"max":9})");
}

TEST(PaddingFigures, HandComputed) {
  const test::TempDir folder;
  // 800 x 800 and 800 x 1000 in turn, none of them resized by "val".
  test::make_tiny_set(folder / "set",
                      {.samples = {{"val", 6}}, .size = [](std::int64_t i) {
                         return i % 2 == 0 ? ImageSize{800, 800} : ImageSize{800, 1000};
                       }});
  const DataIndex index = DataIndex::open(folder / "set", "val");
  const Transform val = Transform::parse("val");
  const PaddingFigures plain = consecutive_padding(index, val, 2);
  EXPECT_EQ(plain.pictures, 6);
  EXPECT_EQ(plain.pixels, 3 * 800 * 1800);
  EXPECT_EQ(plain.padded, 6 * 800 * 1000);
  EXPECT_DOUBLE_EQ(plain.share(), 0.1);
  EXPECT_EQ(evaluation_padding(index, val, 2).share(), 0);
  EXPECT_EQ(evaluation_padding(index, val, 2).pixels, plain.pixels);
  const PaddingFigures sorted = training_padding(index, val, 3, 2);
  EXPECT_EQ(sorted.padded, sorted.pixels) << "each size fills a step";
  EXPECT_GE(training_padding(index, val, 3, 1).padded, sorted.padded);
  EXPECT_EQ(training_padding(index, val, 3, 1).pixels, plain.pixels);
}

TEST(PaddingFigures, SayWhyThereAreNone) {
  const test::TempDir folder;
  test::make_tiny_set(folder / "set", {.samples = {{"val", 2}}, .size = [](std::int64_t) {
                                         return ImageSize{5000, 1};
                                       }});
  const auto padding = padding_statistics(DataIndex::open(folder / "set", "val"), 12, 50);
  EXPECT_TRUE(padding["val"]["bucketed"].is_null());
  EXPECT_NE(padding["val"]["error"].get<std::string>().find("too narrow"), std::string::npos);
}

}  // namespace
}  // namespace intr
