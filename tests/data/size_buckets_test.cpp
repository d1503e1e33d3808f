// SPDX-License-Identifier: Apache-2.0
#include "intr/data/size_buckets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "intr/core/error.h"
#include "intr/data/evaluation_plan.h"
#include "intr/data/sample_order.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

TEST(SliceOfRank, DealsAllSamplesInOrder) {
  EXPECT_EQ(slice_of_rank(10, 0, 4).size(), 2);
  EXPECT_EQ(slice_of_rank(10, 1, 4).size(), 3);
  EXPECT_EQ(slice_of_rank(1, 0, 4).size(), 0);
  EXPECT_EQ(slice_of_rank(1, 3, 4).size(), 1);
  for (std::int64_t samples = 0; samples < 20; ++samples) {
    for (std::int64_t ranks = 1; ranks < 9; ++ranks) {
      std::int64_t next = 0;
      for (std::int64_t rank = 0; rank < ranks; ++rank) {
        const Slice slice = slice_of_rank(samples, rank, ranks);
        EXPECT_EQ(slice.begin, next);
        next = slice.end;
      }
      EXPECT_EQ(next, samples);
    }
  }
}

TEST(CutWindow, GroupsLikeSizesAndPermutesFullRuns) {
  // Aspects 20 (square), 40 (2:1) and 10 (1:2); areas order the squares.
  const std::vector<SizedSample> samples = {
      {0, 0, {100, 200}}, {1, 1, {10, 10}}, {2, 2, {20, 20}}, {3, 3, {200, 100}}, {4, 4, {10, 10}}};
  const auto steps = cut_window(samples, 2, 42, 0, 0);
  ASSERT_EQ(steps.size(), 3u);
  const std::vector<std::vector<std::int64_t>> full = {{3, 1}, {4, 2}};
  const SampleOrder order(2, 42, 0, kBucketStream);
  EXPECT_EQ(steps[0], full[order.at(0)]);
  EXPECT_EQ(steps[1], full[order.at(1)]);
  EXPECT_EQ(steps[2], std::vector<std::int64_t>{0}) << "the short last run stays last";
}

TEST(CutWindow, OneSampleIsOneStep) {
  EXPECT_EQ(cut_window({{5, 9, {4, 4}}}, 8, 0, 0, 0),
            (std::vector<std::vector<std::int64_t>>{{5}}));
}

/// Lines of step_vectors.txt that begin with this word, each behind it.
std::vector<std::string> vectors(const std::string& word) {
  std::ifstream file(std::string(INTR_TEST_DATA) + "/step_vectors.txt");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(word + " ")) lines.push_back(line.substr(word.size() + 1));
  return lines;
}

TEST(StepVectors, DrawsAndFinalSizesAreThoseOfTheIndependentTable) {
  const std::vector<std::string> lines = vectors("plan");
  EXPECT_EQ(lines.size(), 81u);
  for (const std::string& line : lines) {
    std::istringstream words(line);
    std::uint64_t seed = 0, epoch = 0, sample = 0;
    Transform transform = Transform::parse("train");
    ImageSize source;
    std::string colon;
    words >> transform.image_size >> seed >> epoch >> sample >> source.width >> source.height;
    words >> colon;
    TransformPlan expected;
    words >> expected.flip >> expected.crop >> expected.first.width >> expected.first.height >>
        expected.left >> expected.top >> expected.cropped.width >> expected.cropped.height >>
        expected.final.width >> expected.final.height;
    ASSERT_TRUE(words) << line;
    const TransformPlan found = plan_transform(transform, source, seed, epoch, sample);
    EXPECT_EQ(found.flip, expected.flip) << line;
    EXPECT_EQ(found.crop, expected.crop) << line;
    EXPECT_EQ(found.first, expected.first) << line;
    EXPECT_EQ(found.left, expected.left) << line;
    EXPECT_EQ(found.top, expected.top) << line;
    EXPECT_EQ(found.cropped, expected.cropped) << line;
    EXPECT_EQ(found.final, expected.final) << line;
    EXPECT_LE(found.final.area(), largest_final_area(transform, source)) << line;
  }
}

/// The steps as the table writes them: "3,1|2,0".
std::string written(StepPlan& plan, std::int64_t epoch) {
  std::string text;
  for (std::int64_t step = 0; step < plan.steps_per_epoch(); ++step) {
    if (step > 0) text.push_back('|');
    const std::vector<std::int64_t> rows = plan.step(epoch, step);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i > 0) text.push_back(',');
      text += std::to_string(rows[i]);
    }
  }
  return text;
}

TEST(StepVectors, StepsHoldWhatTheIndependentTableSays) {
  const test::TempDir folder;
  std::map<std::int64_t, DataIndex> sets;
  for (const std::int64_t n : {3, 23, 24}) {
    const std::string set = folder / std::to_string(n);
    test::make_tiny_set(set, {.samples = {{"train", n}}, .num_shards = 3, .size = [](auto i) {
                                return ImageSize{20 + 11 * i % 37, 20 + 7 * i % 31};
                              }});
    sets.emplace(n, DataIndex::open(set, "train"));
  }
  const std::vector<std::string> lines = vectors("steps");
  EXPECT_EQ(lines.size(), 64u);
  for (const std::string& line : lines) {
    std::istringstream words(line);
    std::string order, last, colon, expected;
    std::int64_t n = 0, batch = 0, window = 0, epoch = 0;
    std::uint64_t seed = 0;
    words >> order >> n >> batch >> window >> last >> seed >> epoch >> colon >> expected;
    ASSERT_TRUE(words) << line;
    StepPlan plan(sets.at(n), Transform::parse("train:64"), seed, batch, window, last == "drop",
                  OrderKind::parse(order));
    EXPECT_EQ(written(plan, epoch), expected) << line;
  }
}

TEST(StepPlan, AnyStepAtOnceAndEachSampleOnce) {
  const test::TempDir folder;
  test::make_tiny_set(folder / "set", {.samples = {{"train", 23}}, .num_shards = 3});
  const DataIndex index = DataIndex::open(folder / "set", "train");
  const Transform transform = Transform::parse("train:32");
  for (const char* order : {"shuffle", "window:2", "sequential"}) {
    for (const std::int64_t window : {1, 3, 50}) {
      StepPlan in_order(index, transform, 42, 4, window, false, OrderKind::parse(order));
      std::vector<std::vector<std::int64_t>> steps;
      std::vector<int> seen(23, 0);
      for (std::int64_t step = 0; step < 12; ++step) {
        steps.push_back(in_order.step(step / 6, step % 6));
        for (const std::int64_t row : steps.back()) ++seen.at(static_cast<std::size_t>(row));
      }
      EXPECT_EQ(seen, std::vector<int>(23, 2)) << order << " " << window;
      StepPlan jumping(index, transform, 42, 4, window, false, OrderKind::parse(order));
      for (const std::size_t step : {11u, 0u, 7u, 5u, 6u, 1u, 10u, 2u, 2u})
        EXPECT_EQ(
            jumping.step(static_cast<std::int64_t>(step / 6), static_cast<std::int64_t>(step % 6)),
            steps[step])
            << order << " " << window;
    }
  }
}

/// Sizes of CUB-200-2011's training pictures and their shares, in hundredths.
struct Share {
  ImageSize size;
  std::int64_t hundredths;
};
const std::vector<Share> kBirdSizes = {
    {{375, 500}, 30}, {{333, 500}, 20}, {{500, 375}, 12}, {{334, 500}, 6}, {{400, 500}, 6},
    {{500, 333}, 5},  {{500, 400}, 4},  {{335, 500}, 4},  {{347, 500}, 3}, {{281, 500}, 3},
    {{500, 500}, 2},  {{420, 500}, 2},  {{500, 341}, 1},  {{353, 470}, 1}, {{214, 297}, 1}};

/// Size of sample i, mixed well.
ImageSize bird_size(std::int64_t i) {
  std::int64_t place = i * 37 % 100;
  for (const Share& share : kBirdSizes) {
    if (place < share.hundredths) return share.size;
    place -= share.hundredths;
  }
  return kBirdSizes.front().size;
}

/// Padding of an epoch of 5994 such pictures in batches of 12, trained on as published.
double padding_of_birds(std::int64_t window) {
  constexpr std::int64_t kCount = 5994, kBatch = 12;
  const Transform transform = Transform::parse("train");
  const SampleOrder order(kCount, 42, 0);
  std::int64_t pixels = 0, padded = 0;
  for (std::int64_t begin = 0, number = 0; begin < kCount; begin += window * kBatch, ++number) {
    std::vector<SizedSample> samples;
    std::map<std::int64_t, ImageSize> final;
    for (std::int64_t p = begin; p < std::min(kCount, begin + window * kBatch); ++p) {
      const auto row = static_cast<std::int64_t>(order.at(static_cast<std::uint64_t>(p)));
      const auto id = static_cast<std::uint64_t>(row);
      final[row] = plan_transform(transform, bird_size(row), 42, 0, id).final;
      samples.push_back({row, id, final[row]});
    }
    for (const auto& step :
         cut_window(samples, kBatch, 42, 0, static_cast<std::uint64_t>(number))) {
      ImageSize largest;
      for (const std::int64_t row : step) {
        pixels += final[row].area();
        largest.height = std::max(largest.height, final[row].height);
        largest.width = std::max(largest.width, final[row].width);
      }
      padded += largest.area() * std::ssize(step);
    }
  }
  return 1 - static_cast<double>(pixels) / static_cast<double>(padded);
}

TEST(Bucketing, LeavesLittlePadding) {
  const double none = padding_of_birds(1), ten = padding_of_birds(10), fifty = padding_of_birds(50);
  RecordProperty("padding_w1", std::to_string(none));
  RecordProperty("padding_w10", std::to_string(ten));
  RecordProperty("padding_w50", std::to_string(fifty));
  EXPECT_LE(fifty, 0.22);
  EXPECT_LE(ten, 0.34);
  EXPECT_LT(fifty, ten);
  EXPECT_LT(ten, none);
  EXPECT_GE(none, 0.4) << "the sizes are no longer mixed";
}

}  // namespace
}  // namespace intr
