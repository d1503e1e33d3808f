// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "packed_set.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::quoted;

class DiffCommandTest : public test::PackedSetTest {
 protected:
  DiffCommandTest() { pack(); }
  test::ProgramResult diff(const std::string& more = "") {
    return on_set("diff", quoted(root) + " --quiet " + more);
  }
  nlohmann::ordered_json differences(const std::string& more = "") {
    return json_of("diff", quoted(root) + " --quiet " + more, 1);
  }
};

TEST_F(DiffCommandTest, EqualIsZero) {
  const test::ProgramResult result = diff();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output, "10 files are equal\n");
  const auto facts = json_of("diff", quoted(root) + " --quiet --threads 3");
  EXPECT_EQ(facts["same"], true);
  EXPECT_EQ(facts["missing"].size(), 0u);
}

TEST_F(DiffCommandTest, OneEditIsOneDifference) {
  const std::string edited = root + "/train/b/0.jpg";
  const auto time = fs::last_write_time(edited);
  std::string bytes = read_file(edited);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  test::put(edited, bytes);
  fs::last_write_time(edited, time);  // bytes count, not times and sizes
  const test::ProgramResult result = diff();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.output, "changed    train/b/0.jpg (sample 3)\n9 files are equal, 1 changed\n");
  EXPECT_EQ(differences()["changed"].dump(),
            R"([{"source":{"split":"train","path":"b/0.jpg","class":"b"},)"
            R"("set":{"split":"train","path":"b/0.jpg","class":"b"},"sample":3}])");
}

TEST_F(DiffCommandTest, FindsEveryKind) {
  test::put(root + "/train/a/new.jpg", test::jpeg(99));               // missing
  fs::remove(root + "/val/b/1.png");                                  // extra
  fs::rename(root + "/train/a/0.jpg", root + "/train/b/from a.jpg");  // relabeled
  fs::rename(root + "/train/b/1.png", root + "/train/b/\xff.png");    // moved
  fs::rename(root + "/val/a/0.jpg", root + "/train/a/from val.jpg");  // moved
  const test::ProgramResult result = diff();
  EXPECT_EQ(result.exit_code, 1) << result.errors;
  EXPECT_EQ(result.output,
            "moved      train/a/from val.jpg; in the set val/a/0.jpg (sample 0)\n"
            "missing    train/a/new.jpg (class a)\n"
            "relabeled  train/b/from a.jpg: class b; in the set train/a/0.jpg (sample 0), class a\n"
            "moved      train/b/%FF.png; in the set train/b/1.png (sample 4)\n"
            "extra      val/b/1.png (sample 3, class b)\n"
            "6 files are equal, 1 missing, 1 extra, 1 relabeled, 2 moved\n");
  const auto facts = differences();
  EXPECT_EQ(facts["missing"][0]["source"]["path"], "a/new.jpg");
  EXPECT_TRUE(facts["missing"][0]["set"].is_null());
  EXPECT_TRUE(facts["missing"][0]["sample"].is_null());
  EXPECT_TRUE(facts["extra"][0]["source"].is_null());
  EXPECT_EQ(facts["extra"][0]["sample"], 3);
  EXPECT_EQ(facts["moved"].size(), 2u);
  EXPECT_EQ(facts["relabeled"][0]["set"]["class"], "a");
}

TEST_F(DiffCommandTest, OfCopiesOneIsMissing) {
  fs::copy(root + "/train/a/0.jpg", root + "/train/b/copy.jpg");
  EXPECT_EQ(diff().output,
            "missing    train/b/copy.jpg (class b)\n10 files are equal, 1 missing\n");
  fs::remove(root + "/train/a/0.jpg");
  fs::copy(root + "/train/b/copy.jpg", root + "/train/a/copy.jpg");
  const auto facts = differences();
  EXPECT_EQ(facts["moved"].size() + facts["relabeled"].size(), 1u);
  EXPECT_EQ(facts["missing"].size(), 1u);
}

TEST_F(DiffCommandTest, ComparesASplitOrASelection) {
  fs::remove(root + "/train/b/0.jpg");
  EXPECT_EQ(diff("--splits val").exit_code, 1) << "the set has train, the choice has not";
  fs::remove_all(set);
  ASSERT_EQ(run("pack --splits val --out " + quoted(set) + " " + quoted(root)).exit_code, 0);
  EXPECT_EQ(diff().output, "4 files are equal\n") << "the set's own splits are compared";
  test::put(folder / "out", "val/a/0.jpg\n");
  EXPECT_EQ(diff("--exclude " + quoted(folder / "out")).output,
            "extra      val/a/0.jpg (sample 0, class a)\n3 files are equal, 1 extra\n");
}

TEST_F(DiffCommandTest, ComparesWhatWasReencodedByItsSource) {
  const std::string idx = folder / "idx";
  test::make_tiny_idx(idx);
  fs::remove_all(set);
  ASSERT_EQ(run("pack --splits train --out " + quoted(set) + " " + quoted(idx)).exit_code, 0);
  EXPECT_EQ(on_set("diff", quoted(idx)).output, "2 files are equal\n");
  std::string pictures = read_file(idx + "/train-images-idx3-ubyte");
  pictures.back() = 'c';
  write_file(idx + "/train-images-idx3-ubyte", pictures);
  EXPECT_EQ(on_set("diff", quoted(idx)).output,
            "changed    train/0/00000001.png (sample 1)\n1 files are equal, 1 changed\n");
}

TEST_F(DiffCommandTest, RefusesWrongUseAndDamage) {
  expect_refused(on_set("diff"), 2, "SET SOURCE expected, 1 given");
  expect_refused(diff("--source books"), 2, "--source");
  expect_refused(diff("--threads -1"), 2, "--threads");
  expect_refused(on_set("diff", quoted(folder / "none")), 65, "none: no such folder");
  expect_refused(run("diff " + quoted(root) + " " + quoted(root)), 65, "no packed data set");
  EXPECT_NE(run("diff --help").output.find("For example"), std::string::npos);
  const std::string index = set + "/val.index.h5";
  write_file(index, read_file(index).substr(0, 1000));
  expect_refused(diff(), 65, "val.index.h5");
}

}  // namespace
}  // namespace intr
