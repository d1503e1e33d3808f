// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "attention/score_tables.h"
#include "intr/attention/score_summarizer.h"
#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

void write_scores(const std::string& folder, bool with_parts) {
  ScoreTable table = test::made_table(2);
  table.has_parts = with_parts;
  const ScoreSummary summary = summarize(table, {.replicates = 0}, "", 1);
  ScoreFolder(folder).write(table, summary, R"({"format": "intr-scores"})", "");
}

TEST(ScoreFolder, FilesOfAnEarlierRunGo) {
  const test::TempDir dir;
  write_scores(dir / "out", true);
  EXPECT_TRUE(fs::exists(dir / "out/parts.csv"));
  write_scores(dir / "out", false);
  EXPECT_FALSE(fs::exists(dir / "out/parts.csv"));
}

TEST(ScoreFolder, FilesOfOthersStay) {
  const test::TempDir dir;
  fs::create_directories(dir / "out");
  write_file(dir / "out/parts.csv", "mine");
  for (const char* summary : {R"({"format": "another"})", R"({"format": 1})", "[", "[]"}) {
    write_file(dir / "out/summary.json", summary);
    write_scores(dir / "out", false);
    EXPECT_EQ(read_file(dir / "out/parts.csv"), "mine") << summary;
  }
}

TEST(ScoreFolder, RefusesWhatIsInTheWay) {
  const test::TempDir dir;
  write_file(dir / "file", "");
  EXPECT_THROW(ScoreFolder(dir / "file"), EnvironmentError);
  fs::create_directories(dir / "out/heads.csv");
  EXPECT_THROW(ScoreFolder(dir / "out"), EnvironmentError);
}

}  // namespace
}  // namespace intr
