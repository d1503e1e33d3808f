// SPDX-License-Identifier: Apache-2.0
#include "intr/data/loader_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "intr/core/error.h"
#include "intr/data/evaluation_plan.h"
#include "intr/data/loader.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

constexpr LoaderNeeds kNeeds = {.slot = 100, .thread = 10, .fixed = 1000};

TEST(FitLoader, TakesAwaySlotsFirstThenThreads) {
  EXPECT_EQ(fit_loader(kNeeds, {3, 4}, 0), (LoaderSize{3, 4}));
  EXPECT_EQ(fit_loader(kNeeds, {3, 4}, 1340), (LoaderSize{3, 4}));
  EXPECT_EQ(fit_loader(kNeeds, {3, 4}, 1339), (LoaderSize{2, 4}));
  EXPECT_EQ(fit_loader(kNeeds, {3, 4}, 1140), (LoaderSize{1, 4}));
  EXPECT_EQ(fit_loader(kNeeds, {3, 4}, 1125), (LoaderSize{1, 2}));
  EXPECT_EQ(fit_loader(kNeeds, {3, 4}, 1110), (LoaderSize{1, 1}));
}

TEST(FitLoader, RefusesWithTheArithmetic) {
  const LoaderNeeds needs = {.slot = 3 << 20, .thread = 5 << 20, .fixed = 32 << 20};
  try {
    fit_loader(needs, {3, 4}, 39 << 20);
    FAIL() << "no error";
  } catch (const EnvironmentError& error) {
    const std::string text = error.what();
    for (const char* part : {"--loader-memory", "needs 40.0 MiB", "slot of 3.0 MiB",
                             "thread with 5.0 MiB", "32.0 MiB to read ahead", "take 39.0 MiB"})
      EXPECT_NE(text.find(part), std::string::npos) << part << " is missing: " << text;
  }
}

TEST(LoaderNeeds, HoldsTheLargestMicroBatchOfAnyDraw) {
  const test::TempDir folder;
  const auto size = [](std::int64_t i) { return ImageSize{40 + i * 3, 90 - i * 4}; };
  test::make_tiny_set(folder / "set", {.samples = {{"train", 9}}, .size = size});
  const DataIndex index = DataIndex::open(folder / "set", "train");
  const Transform transform = Transform::parse("train:48");
  const LoaderNeeds needs = loader_needs(index, transform, 3);
  std::int64_t most = 0;
  for (std::uint64_t epoch = 0; epoch < 300; ++epoch) {
    std::vector<std::int64_t> areas;
    for (std::int64_t row = 0; row < index.size(); ++row)
      areas.push_back(plan_transform(transform, index.image_size(row), 7, epoch,
                                     static_cast<std::uint64_t>(row))
                          .final.area());
    std::sort(areas.rbegin(), areas.rend());
    most = std::max(most, areas[0] + areas[1] + areas[2]);
  }
  EXPECT_GE(needs.slot, static_cast<std::uint64_t>(most) * 3);
  EXPECT_LT(needs.slot, static_cast<std::uint64_t>(most) * 6) << "no wild guess";
  EXPECT_EQ(loader_needs(index, transform, 1'000'000).slot, loader_needs(index, transform, 9).slot);
}

TEST(LoaderMemory, EvaluationHeedsIt) {
  const test::TempDir folder;
  test::make_tiny_set(folder / "set", {});
  const DataIndex index = DataIndex::open(folder / "set", "val");
  const ShardReader reader(index);
  const Transform transform = Transform::parse("val:32");
  const auto plan = plan_evaluation(index, transform, 2);
  const std::uint64_t fixed = loader_needs(index, transform, 1).fixed;
  EXPECT_THROW(EvaluationLoader(index, reader, transform, plan, {.memory = fixed}),
               EnvironmentError);
  EvaluationLoader loader(index, reader, transform, plan,
                          {.threads = 4, .slots = 1, .memory = fixed + (1 << 20)});
  std::int64_t samples = 0;
  while (const auto batch = loader.next()) samples += batch->size();  // returns its only slot
  EXPECT_EQ(samples, index.size());
}

}  // namespace
}  // namespace intr
