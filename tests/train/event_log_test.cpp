// SPDX-License-Identifier: Apache-2.0
#include "intr/train/event_log.h"

#include <gtest/gtest.h>

#include <sstream>

#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

TEST(EventLog, ALineAnEventFromAnyRank) {
  const test::TempDir folder;
  EventLog(folder.path(), "41_0", 0).add("start", {{"step", 3}});
  EventLog(folder.path(), "41_0", 2).add("inject");
  std::istringstream lines(read_file(folder / "events.jsonl"));
  std::string line;
  std::getline(lines, line);
  const auto first = nlohmann::ordered_json::parse(line);
  EXPECT_EQ(first.at("kind"), "start");
  EXPECT_EQ(first.at("attempt"), "41_0");
  EXPECT_EQ(first.at("rank"), 0);
  EXPECT_EQ(first.at("step"), 3);
  EXPECT_GT(first.at("time"), 1e9);
  std::getline(lines, line);
  EXPECT_EQ(nlohmann::ordered_json::parse(line).at("rank"), 2);
  EXPECT_FALSE(std::getline(lines, line));
}

}  // namespace
}  // namespace intr
