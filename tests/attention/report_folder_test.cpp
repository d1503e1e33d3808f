// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_folder.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

constexpr std::array kFiles = {"a.csv", "report.html"};

TEST(ReportFolder, HoldsWhatIsPutIntoIt) {
  const test::TempDir dir;
  {
    ReportFolder folder(dir / "out", kFiles);
    folder.put("a.csv", "one");
    folder.put("plots/a.svg", "<svg/>");
    folder.finish();
  }
  EXPECT_EQ(read_file(dir / "out/a.csv"), "one");
  EXPECT_EQ(read_file(dir / "out/plots/a.svg"), "<svg/>");
  ReportFolder folder(dir / "out", kFiles);
  folder.remove("a.csv");
  folder.remove("a.csv");
  EXPECT_FALSE(fs::exists(dir / "out/a.csv"));
}

TEST(ReportFolder, IsNotLeftBehindEmpty) {
  const test::TempDir dir;
  { const ReportFolder folder(dir / "out", kFiles); }
  EXPECT_FALSE(fs::exists(dir / "out"));
  fs::create_directories(dir / "out");
  { const ReportFolder folder(dir / "out", kFiles); }
  EXPECT_TRUE(fs::exists(dir / "out"));  // it was there before
}

TEST(ReportFolder, RefusesWhatIsInTheWay) {
  const test::TempDir dir;
  write_file(dir / "file", "");
  EXPECT_THROW(ReportFolder(dir / "file", kFiles), EnvironmentError);
  fs::create_directories(dir / "out/other");
  EXPECT_NO_THROW(ReportFolder(dir / "out", kFiles));
  fs::create_directories(dir / "out/report.html");
  EXPECT_THROW(ReportFolder(dir / "out", kFiles), EnvironmentError);
}

TEST(ReportFolder, PathsThroughLinksAreTheFoldersFault) {
  const test::TempDir dir;
  fs::create_directories(dir / "elsewhere");
  ReportFolder folder(dir / "out", kFiles);
  fs::create_directory_symlink(dir / "elsewhere", dir / "out/plots");
  EXPECT_THROW(folder.put("plots/a.svg", "<svg/>"), EnvironmentError);
}

TEST(ReportFolder, KnowsFilesOfAnEarlierRun) {
  const test::TempDir dir;
  const ReportFolder folder(dir / "out", kFiles);
  EXPECT_FALSE(folder.holds("model.json", "mine"));
  write_file(dir / "out/model.json", R"({"format": "mine"})");
  EXPECT_TRUE(folder.holds("model.json", "mine"));
  EXPECT_FALSE(folder.holds("model.json", "other"));
  for (const char* text : {"[", "[]", "{}", R"({"format": 1})"}) {
    write_file(dir / "out/model.json", text);
    EXPECT_FALSE(folder.holds("model.json", "mine")) << text;
  }
}

TEST(ReportFolder, FindsPages) {
  const test::TempDir dir;
  write_file(dir / "index.html", "");
  EXPECT_EQ(found_page(dir / "out", "index.html", "intr-render"), "");
  EXPECT_EQ(found_page(dir / ".", "index.html", "intr-render"), "index.html");
  // As seen from a folder that is made later.
  EXPECT_EQ(found_page(dir / "out", "../index.html", "intr-render"), "../index.html");
  EXPECT_EQ(found_page(dir / "out", "https://host/index.html", "intr-render"),
            "https://host/index.html");
  EXPECT_EQ(found_page(dir / "out", "", "intr-render"), "");
}

}  // namespace
}  // namespace intr
