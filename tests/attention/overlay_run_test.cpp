// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_run.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "attention/drawing_dump.h"
#include "intr/core/error.h"

namespace intr {
namespace {

class OverlayRun : public ::testing::Test {
 protected:
  OverlayRunResult run(const OverlayOptions& overlay, const OverlayRunOptions& options,
                       std::int64_t threads = 2) const {
    const std::vector<std::int64_t> rows = {0, 1, 2, 3, 4};
    const PhotoSource photos({.images = dump_.images()}, reader_.facts());
    return draw_overlays(reader_, photos, rows, overlay, options, {.threads = threads});
  }
  std::map<std::string, std::string> files(const std::string& folder) const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.is_regular_file())
        all[std::filesystem::relative(entry.path(), folder).string()] =
            read_file(entry.path().string());
    return all;
  }

  test::DrawingDump dump_;
  MapReader reader_ = dump_.open();
};

TEST_F(OverlayRun, BytesDoNotDependOnThreads) {
  EXPECT_EQ(run({.layout = "strip"}, {.out = dump_.out() + "1"}, 1).drawn, 5);
  EXPECT_EQ(run({.layout = "strip"}, {.out = dump_.out() + "7"}, 7).drawn, 5);
  const auto one = files(dump_.out() + "1");
  EXPECT_EQ(one, files(dump_.out() + "7"));
  EXPECT_EQ(one.size(), 6u);
  EXPECT_TRUE(one.contains("ant/picture 0__10__true-strip.png"));
  EXPECT_TRUE(one.contains("unknown/picture 4__22__predicted-strip.png"));
}

TEST_F(OverlayRun, TheSameCommandDrawsWhatIsMissing) {
  run({}, {.out = dump_.out()});
  std::filesystem::remove(dump_.out() + "/ant/picture 0__10__true-mean.png");
  const OverlayRunResult again = run({}, {.out = dump_.out()});
  EXPECT_EQ(again.drawn, 1);
  EXPECT_EQ(again.kept, 4);
}

TEST_F(OverlayRun, ThePublishedTreeGoesOn) {
  const OverlayOptions tree{.style = "reference", .layout = "reference", .query = "all"};
  const OverlayRunResult first = run(tree, {.out = dump_.out()});
  EXPECT_EQ(first.drawn, 5 * (7 + 3 + 4 * 5));
  const auto whole = files(dump_.out());
  const std::string gone = "visualization/picture 0/head_2/concatenated_True.png";
  ASSERT_TRUE(whole.contains(gone));
  std::filesystem::remove(dump_.out() + "/" + gone);
  const std::string kept = dump_.out() + "/visualization/picture 0/heads/avg_head.png";
  write_file(kept, "someone's own");
  const OverlayRunResult again = run(tree, {.out = dump_.out()});
  EXPECT_EQ(again.drawn, 1);
  EXPECT_EQ(again.kept, first.drawn - 1);
  EXPECT_EQ(read_file(kept), "someone's own");
  EXPECT_EQ(files(dump_.out()).at(gone), whole.at(gone));
  run(tree, {.out = dump_.out(), .replace = true});
  EXPECT_EQ(files(dump_.out()), whole);
}

TEST_F(OverlayRun, ContoursStandInTheRecipeOnlyIfDrawn) {
  EXPECT_FALSE(overlay_recipe(reader_.facts(), {}).contains("contour"));
  EXPECT_TRUE(overlay_recipe(reader_.facts(), {.contour = true}).contains("contour"));
}

TEST_F(OverlayRun, AnotherRecipeNeedsPermission) {
  run({}, {.out = dump_.out()});
  try {
    run({.palette = "viridis"}, {.out = dump_.out()});
    FAIL() << "drawn over";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("palette was \"inferno\", now \"viridis\""),
              std::string::npos)
        << error.what();
  }
  EXPECT_EQ(run({.palette = "viridis"}, {.out = dump_.out(), .replace = true}).drawn, 5);
}

TEST_F(OverlayRun, JpegAndWebpToo) {
  run({.format = "jpeg"}, {.out = dump_.out()});
  EXPECT_TRUE(files(dump_.out()).contains("bee/picture 1__13__true-mean.jpg"));
  run({.format = "webp"}, {.out = dump_.out() + "w"});
  EXPECT_TRUE(files(dump_.out() + "w").contains("bee/picture 1__13__true-mean.webp"));
}

TEST_F(OverlayRun, AMissingPictureIsListedAndTheRestDrawn) {
  std::filesystem::remove(dump_.images() + "/" + reader_.sample(2).path);
  const OverlayRunResult result = run({}, {.out = dump_.out()});
  EXPECT_EQ(result.drawn, 4);
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_EQ(result.failures[0].sample_id, 16);
}

}  // namespace
}  // namespace intr
