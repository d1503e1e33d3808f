// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "attention/drawing_dump.h"
#include "attention/signed_file.h"
#include "support/programs.h"

namespace intr {
namespace {

class Render : public ::testing::Test {
 protected:
  test::ProgramResult run(const std::string& command, const std::string& options = {}) const {
    return test::run_program(
        test::program("render") + " " + command + " " + test::quoted(dump_.path()) + " --images " +
        test::quoted(dump_.images()) + " --out " + test::quoted(dump_.out()) + " " + options);
  }
  bool there(const std::string& name) const {
    return std::filesystem::exists(dump_.out() + "/" + name);
  }

  test::DrawingDump dump_;
};

TEST_F(Render, OverlaysThenSummaryWithTheirPictures) {
  EXPECT_EQ(run("overlays", "--class ant").exit_code, 0);
  EXPECT_TRUE(there("ant/picture 0__10__true-mean.png"));
  EXPECT_FALSE(there("bee/picture 1__13__true-mean.png"));
  const std::string out = test::quoted(dump_.out());
  EXPECT_EQ(test::run_program(test::program("render") + " summary " + test::quoted(dump_.path()) +
                              " --out " + out)
                .exit_code,
            0);
  EXPECT_NE(read_file(dump_.out() + "/summary.csv").find("ant/picture 0__10__true-mean.png\n"),
            std::string::npos);
  EXPECT_TRUE(there("summary.json"));
}

TEST_F(Render, SamplesOfAMissingPieceAreListedAndTheRestDrawn) {
  std::filesystem::remove(dump_.path() + "/piece-00001.h5");
  const test::ProgramResult result = run("overlays", "--on-error fail");
  EXPECT_EQ(result.exit_code, 65) << result.errors;
  for (const char* words : {"piece-00001.h5", "sample 13", "sample 16"})
    EXPECT_NE(result.errors.find(words), std::string::npos) << result.errors;
  EXPECT_TRUE(there("ant/picture 0__10__true-mean.png"));
  EXPECT_TRUE(there("unknown/picture 4__22__predicted-mean.png"));
  EXPECT_FALSE(there("bee/picture 1__13__true-mean.png"));
}

TEST_F(Render, FoldersOfEarlierVersionsGoOn) {
  EXPECT_EQ(run("overlays", "--class ant").exit_code, 0);
  EXPECT_EQ(read_file(dump_.out() + "/render.json").find("\"map\""), std::string::npos);
  EXPECT_EQ(run("overlays", "--class bee").exit_code, 0);
  const test::ProgramResult other = run("overlays", "--map contrast");
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.errors.find("map was not there, now \"contrast\""), std::string::npos)
      << other.errors;
  EXPECT_EQ(run("overlays", "--map contrast --replace").exit_code, 0);
  EXPECT_TRUE(there("ant/picture 0__10__true-contrast-mean.png"));
  const test::ProgramResult back = run("overlays");
  EXPECT_EQ(back.exit_code, 2);
  EXPECT_NE(back.errors.find("map was \"contrast\", now not there"), std::string::npos)
      << back.errors;
}

TEST_F(Render, ThePublishedTree) {
  EXPECT_EQ(run("overlays", "--style reference --layout reference").exit_code, 0);
  EXPECT_TRUE(there("visualization/picture 0/heads/concatenated_True.png"));
  EXPECT_TRUE(there("visualization/picture 1/head_2/result_query_2.png"));
  const test::ProgramResult narrowed =
      run("overlays", "--style reference --layout reference --query true");
  EXPECT_EQ(narrowed.exit_code, 2);  // another recipe
  EXPECT_NE(narrowed.errors.find("query was \"all\", now \"true\""), std::string::npos);
  const test::ProgramResult clean = run("overlays", "--layout reference");
  EXPECT_EQ(clean.exit_code, 2);
  EXPECT_NE(clean.errors.find("add --style reference"), std::string::npos) << clean.errors;
}

TEST_F(Render, GridsShowAllQueries) {
  EXPECT_EQ(run("overlays", "--layout grid --contour --format webp").exit_code, 0);
  EXPECT_TRUE(there("ant/picture 0__10__all-grid.webp"));
}

TEST_F(Render, SelectionsOfEveryCommand) {
  EXPECT_EQ(run("overlays", "--confused bee,cat").exit_code, 0);
  EXPECT_TRUE(there("bee/picture 1__13__true-mean.png"));
  EXPECT_FALSE(there("ant/picture 0__10__true-mean.png"));
  const test::ProgramResult near = run("gallery", "--confused bee,cta");
  EXPECT_EQ(near.exit_code, 2);
  EXPECT_NE(near.errors.find("did you mean 'cat'"), std::string::npos) << near.errors;
  EXPECT_EQ(run("gallery", "--confused cat,bee").exit_code, 2);
  EXPECT_EQ(run("gallery", "--random -1").exit_code, 2);
  EXPECT_EQ(run("gallery", "--sort age").exit_code, 2);
  const auto summary = [&](const std::string& options) {
    EXPECT_EQ(test::run_program(test::program("render") + " summary " + test::quoted(dump_.path()) +
                                " --out " + test::quoted(dump_.out()) + " " + options)
                  .exit_code,
              0);
    return read_file(dump_.out() + "/summary.csv");
  };
  const std::string drawn = summary("--random 2 --seed 3");
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\n'), 3);
  EXPECT_EQ(summary("--random 2 --seed 3"), drawn);
  EXPECT_EQ(summary("--sort margin --limit 2").find("\n10,"), drawn.find('\n'));
}

TEST_F(Render, GalleryOfMissingPictures) {
  std::filesystem::remove(dump_.images() + "/ant/picture 0.jpg");
  const test::ProgramResult result = run("gallery");
  EXPECT_EQ(result.exit_code, 65);
  EXPECT_NE(result.errors.find("sample 10 was not drawn"), std::string::npos) << result.errors;
  EXPECT_TRUE(there("index.html"));
  EXPECT_EQ(run("gallery", "--on-error skip").exit_code, 0);
}

TEST_F(Render, GalleryOptions) {
  const std::string table = test::quoted(dump_.images() + "/scores.csv");
  write_file(dump_.images() + "/scores.csv", "sample,lift\n10,1\nten,2\n");
  const test::ProgramResult bad = run("gallery", "--scores " + table);
  EXPECT_EQ(bad.exit_code, 65);
  EXPECT_NE(bad.errors.find("scores.csv: line 3: 'ten' is no sample id"), std::string::npos)
      << bad.errors;
  EXPECT_FALSE(there("index.html"));
  write_file(dump_.images() + "/scores.csv", "sample,lift\n10,1\n");
  EXPECT_EQ(run("gallery", "--single-file --queries all --scores " + table).exit_code, 0);
  EXPECT_NE(read_file(dump_.out() + "/index.html").find("\"name\":\"lift\""), std::string::npos);
  EXPECT_FALSE(there("chunk-0000.js"));
  // The table of our own summary is one, too.
  EXPECT_EQ(test::run_program(test::program("render") + " summary " + test::quoted(dump_.path()) +
                              " --out " + test::quoted(dump_.out()))
                .exit_code,
            0);
  EXPECT_EQ(run("gallery", "--scores " + test::quoted(dump_.out() + "/summary.csv")).exit_code, 0);
  EXPECT_NE(read_file(dump_.out() + "/index.html").find("\"name\":\"margin\""), std::string::npos);
  const test::ProgramResult other = run("gallery", "--queries some");
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.errors.find("verdict"), std::string::npos) << other.errors;
}

TEST_F(Render, TheGalleryLinksToAReportThatIsThere) {
  const test::ProgramResult missing = run("gallery", "--report report.html");
  EXPECT_EQ(missing.exit_code, 0) << missing.errors;
  EXPECT_NE(missing.errors.find("no page is there"), std::string::npos) << missing.errors;
  EXPECT_EQ(read_file(dump_.out() + "/index.html").find("id=\"report\""), std::string::npos);
  write_file(dump_.out() + "/report.html", "");
  EXPECT_EQ(run("gallery", "--report report.html").exit_code, 0);
  EXPECT_NE(read_file(dump_.out() + "/index.html").find("href=\"report.html\""), std::string::npos);
}

TEST_F(Render, SignedMapsAreDrawnButMakeNoGallery) {
  const std::string file = dump_.path() + "-signed.h5";
  test::write_signed_file(file, dump_.open());
  const auto render = [&](const std::string& command, const std::string& options = {}) {
    return test::run_program(test::program("render") + " " + command + " " + test::quoted(file) +
                             " --images " + test::quoted(dump_.images()) + " --out " +
                             test::quoted(dump_.out()) + " " + options);
  };
  for (const char* bad : {"--style reference --layout reference", "--layout strip", "--contour"})
    EXPECT_EQ(render("overlays", bad).exit_code, 2) << bad;
  EXPECT_FALSE(std::filesystem::exists(dump_.out()));
  EXPECT_EQ(render("overlays").exit_code, 0);
  EXPECT_TRUE(there("ant/picture 0__10__class0-attribution.png"));
  EXPECT_TRUE(there("bee/picture 1__13__class2-attribution.png"));  // taken for a cat
  const test::ProgramResult own = render("overlays", "--query true --replace --on-error skip");
  EXPECT_NE(own.errors.find("sample 13"), std::string::npos) << own.errors;
  EXPECT_TRUE(there("ant/picture 0__10__true-attribution.png"));
  const test::ProgramResult gallery = render("gallery");
  EXPECT_EQ(gallery.exit_code, 2);
  EXPECT_NE(gallery.errors.find("-signed.h5: holds signed maps"), std::string::npos)
      << gallery.errors;
  EXPECT_NE(gallery.errors.find("intr-render overlays"), std::string::npos) << gallery.errors;
}

TEST_F(Render, WrongUse) {
  EXPECT_EQ(run("overlay").exit_code, 2);
  EXPECT_NE(run("overlay").errors.find("did you mean 'overlays'"), std::string::npos);
  EXPECT_EQ(run("overlays", "--pallete viridis").exit_code, 2);
  EXPECT_EQ(run("overlays", "--class aunt").exit_code, 2);
  EXPECT_EQ(run("overlays", "--threads -1").exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(dump_.out()));
  EXPECT_EQ(test::run_program(test::program("render") + " summary /nowhere --out x").exit_code, 65);
  EXPECT_EQ(test::run_program(test::program("render")).exit_code, 2);
}

TEST_F(Render, Help) {
  const test::ProgramResult help = test::run_program(test::program("render") + " --help");
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.output.find("gallery"), std::string::npos);
  EXPECT_EQ(run("overlays", "--help").exit_code, 0);
  EXPECT_EQ(test::run_program(test::program("render") + " --version").exit_code, 0);
}

}  // namespace
}  // namespace intr
