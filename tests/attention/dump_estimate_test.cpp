// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_estimate.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

TEST(DumpEstimate, AByteShortIsRefused) {
  const std::uint64_t maps = 123'456'789;
  const std::uint64_t needed = maps + maps / 20 + (64U << 20);
  require_space(maps, needed, "out");
  try {
    require_space(maps, needed - 1, "out");
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(needed)), std::string::npos);
  }
  require_space(0, 0, "out");  // nothing is missing
}

TEST(DumpEstimate, TheDescriptionCountsEverySampleOnce) {
  const test::TempDir dir;
  test::TinySet small;
  small.samples = {{"val", 11}};
  small.size = [](std::int64_t i) { return i % 2 == 0 ? ImageSize{24, 24} : ImageSize{24, 32}; };
  test::make_tiny_set(dir / "set", small);
  DumpOptions options;
  options.batch_size = 4;
  options.piece_samples = 5;
  const DumpPlan plan = plan_dump(DataIndex::open(dir / "set", "val"),
                                  {.model_hash = std::string(32, 'a'),
                                   .class_count = 3,
                                   .head_total = 4,
                                   .layer_total = 1,
                                   .stride = 16},
                                  options, {Transform::Kind::kValidation, 48});
  std::string text = describe_plan(plan, {}, 3, 1000);
  EXPECT_NE(text.find("3 x 3: 6 samples"), std::string::npos) << text;
  EXPECT_NE(text.find("3 x 4: 5 samples"), std::string::npos) << text;
  EXPECT_NE(text.find("rank 2    0 pieces, 0 samples"), std::string::npos) << text;
  EXPECT_EQ(text.find("part "), std::string::npos) << text;
  text = describe_plan(plan, {.number = 1, .count = 2}, 1, 1000);
  EXPECT_NE(text.find("part      1 of 0 to 1: 1 pieces, 6 samples"), std::string::npos) << text;
  EXPECT_NE(text.find("rank 0    1 pieces, 6 samples"), std::string::npos) << text;
}

}  // namespace
}  // namespace intr
