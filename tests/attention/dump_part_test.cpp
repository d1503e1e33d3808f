// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_part.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "intr/core/error.h"

namespace intr {
namespace {

using Variables = std::map<std::string, std::string>;

DumpPart part(const std::string& text, const Variables& variables = {}) {
  return parse_part(text, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
}

Variables task(const std::string& id, const std::string& first, const std::string& last,
               const std::string& count, const std::string& step = "1") {
  return {{"SLURM_ARRAY_TASK_ID", id},
          {"SLURM_ARRAY_TASK_MIN", first},
          {"SLURM_ARRAY_TASK_MAX", last},
          {"SLURM_ARRAY_TASK_COUNT", count},
          {"SLURM_ARRAY_TASK_STEP", step}};
}

TEST(DumpPart, Words) {
  EXPECT_TRUE(part("").whole());
  EXPECT_TRUE(part("0/1").whole());
  EXPECT_EQ(part("2/8").number, 2);
  EXPECT_EQ(part("2/8").count, 8);
  for (const char* text : {"8/8", "-1/8", "1", "1/", "/8", "x/8", "1/8x", "0/0", "Auto"})
    EXPECT_THROW(part(text), UsageError) << text;
}

TEST(DumpPart, TasksOfASlurmArray) {
  EXPECT_EQ(part("auto", task("0", "0", "7", "8")).number, 0);
  EXPECT_EQ(part("auto", task("7", "0", "7", "8")).number, 7);
  EXPECT_EQ(part("auto", task("7", "0", "7", "8")).count, 8);
  EXPECT_EQ(part("auto", task("3", "3", "3", "1")).count, 1);
  EXPECT_EQ(part("auto", task("9", "5", "13", "3", "4")).number, 1);
  EXPECT_THROW(part("auto"), UsageError);  // not in an array
  EXPECT_THROW(part("auto", task("x", "0", "7", "8")), UsageError);
  // --array=3,7: two tasks, but which pieces the others would have taken nobody knows.
  EXPECT_THROW(part("auto", task("7", "3", "7", "2")), UsageError);
  EXPECT_THROW(part("auto", task("8", "0", "7", "8")), UsageError);
  EXPECT_THROW(part("auto", task("6", "5", "13", "3", "4")), UsageError);
}

TEST(DumpPart, EveryPieceBelongsToOnePart) {
  DumpPlan plan;
  for (std::int64_t i = 0; i < 11; ++i) plan.pieces.push_back({i, 1, 100 + 37 * (i % 4)});
  for (const std::int64_t count : {1, 3, 11, 20}) {
    std::multiset<std::int64_t> all;
    for (std::int64_t number = 0; number < count; ++number) {
      const std::vector<std::int64_t> pieces = pieces_of_part(plan, {number, count});
      all.insert(pieces.begin(), pieces.end());
      std::multiset<std::int64_t> of_ranks;
      for (std::int64_t rank = 0; rank < 3; ++rank)
        for (const std::int64_t piece : deal_pieces(plan, pieces, rank, 3)) of_ranks.insert(piece);
      EXPECT_EQ(of_ranks, (std::multiset<std::int64_t>(pieces.begin(), pieces.end())));
    }
    EXPECT_EQ(all, (std::multiset<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})) << count;
  }
}

}  // namespace
}  // namespace intr
