// SPDX-License-Identifier: Apache-2.0
// intr-pack append, merge and verify --against, as a user runs them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "intr/data/data_index.h"
#include "intr/data/manifest.h"
#include "intr/data/shard_reader.h"
#include "intr/io/atomic_file.h"
#include "support/run_program.h"
#include "support/temp_dir.h"
#include "tiny_source.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using test::quoted;

class GrowingSetsTest : public testing::Test {
 protected:
  GrowingSetsTest() {
    test::make_tiny_source(path("first"));
    for (const char* split : {"train", "val"})
      for (const char* name : {"b", "c"})
        for (int i = 0; i < 2; ++i)
          test::put(path("second/" + std::string(split) + "/" + name + "/new" + std::to_string(i) +
                         ".jpg"),
                    test::jpeg(100 + next_++));
    ok("pack " + quoted(path("first")) + " --out " + quoted(path("set")));
  }
  std::string path(const std::string& name) const { return folder_ / name; }
  ProgramResult run(const std::string& words, const std::string& before = {}) const {
    return test::run_program(before + "SOURCE_DATE_EPOCH=0 " + quoted(INTR_PACK_PROGRAM) + " " +
                             words);
  }
  std::string ok(const std::string& words) const {
    const ProgramResult result = run(words);
    EXPECT_EQ(result.exit_code, 0) << words << "\n" << result.errors;
    return result.errors;
  }
  void expect_fault(const std::string& words, int code, const std::string& text) const {
    const ProgramResult result = run(words);
    EXPECT_EQ(result.exit_code, code) << words << "\n" << result.errors;
    EXPECT_NE(result.errors.find(text), std::string::npos) << result.errors;
  }
  std::string append(const std::string& more = "--new-classes") const {
    return "append " + quoted(path("set")) + " " + quoted(path("second")) + " " + more;
  }
  /// Every file of a folder with its bytes.
  test::Files files(const std::string& name) const { return test::contents(path(name)); }
  test::TempDir folder_;
  int next_ = 0;
};

TEST_F(GrowingSetsTest, AppendAddsAGenerationAndLeavesEveryOldFileAsItIs) {
  const auto before = files("set");
  const DataIndex running = DataIndex::open(path("set"), "train");
  const ShardReader reader(running);
  ok(append());
  for (const auto& [name, bytes] : files("set")) {
    if (before.count(name) == 0 || name == "dataset.json") continue;
    EXPECT_EQ(bytes, before.at(name)) << name;
  }
  EXPECT_TRUE(fs::exists(path("set/train-g2-00000-of-00001.h5")));
  EXPECT_TRUE(fs::exists(path("set/train.index-g2.h5")));
  // A job that reads the set goes on.
  for (std::int64_t row = 0; row < running.size(); ++row) EXPECT_FALSE(reader.read(row).empty());
  const DataIndex grown = DataIndex::open(path("set"), "train");
  EXPECT_EQ(grown.classes(), (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_EQ(grown.size(), running.size() + 4);
  EXPECT_NE(grown.dataset_id(), running.dataset_id());
  for (std::int64_t row = 0; row < grown.size(); ++row) EXPECT_EQ(grown.sample_id(row), row);
  EXPECT_EQ(grown.path(running.size()), "b/new0.jpg");
  EXPECT_EQ(grown.label(running.size()), 1);
  EXPECT_EQ(grown.label(grown.size() - 1), 2);
  ok("verify " + quoted(path("set")) + " --level decode");
  EXPECT_NE(ok(append()).find("nothing to do"), std::string::npos);
}

TEST_F(GrowingSetsTest, AppendRefusesWhatWouldSurprise) {
  const auto before = files("set");
  expect_fault(append(""), 65, "--new-classes");
  expect_fault(append("--new-classes --gray16 scale"), 2, "was packed with");
  test::put(path("second/train/b/0.jpg"), test::jpeg(900));
  expect_fault(append(), 65, "are in the set already, such as train/b/0.jpg");
  EXPECT_EQ(files("set"), before);
}

TEST_F(GrowingSetsTest, AnAppendThatWasKilledIsFinishedByTheSameCommand) {
  fs::copy(path("set"), path("whole"), fs::copy_options::recursive);
  ok("append " + quoted(path("whole")) + " " + quoted(path("second")) + " --new-classes");
  const auto expected = files("whole");
  for (int ms = 5; ms <= 115; ms += 10) {  // a whole append takes about 100
    fs::remove_all(path("set"));
    ok("pack " + quoted(path("first")) + " --out " + quoted(path("set")));
    const std::string before = fmt::format("timeout --foreground -s KILL {:.3f} env ", 0.001 * ms);
    static_cast<void>(run(append(), before));
    EXPECT_EQ(run("verify " + quoted(path("set"))).exit_code, 0) << "the set is whole at any time";
    ok(append());
    EXPECT_TRUE(files("set") == expected) << ms;
  }
  // Killed while its last files were being written.
  fs::remove_all(path("set"));
  ok("pack " + quoted(path("first")) + " --out " + quoted(path("set")));
  for (const char* name : {".dataset.json.tmp-node7-41", ".pack-report-g2.json.tmp-node7-41"})
    write_file(path("set") + "/" + name, "half");
  ok(append());
  EXPECT_TRUE(files("set") == expected);
}

TEST_F(GrowingSetsTest, MergeUnitesClassesByNameAndKeepsIdsInOrder) {
  ok("pack " + quoted(path("second")) + " --out " + quoted(path("more")));
  ok("merge " + quoted(path("more")) + " " + quoted(path("set")) + " --out " + quoted(path("all")));
  const DataIndex all = DataIndex::open(path("all"), "train");
  EXPECT_EQ(all.classes(), (std::vector<std::string>{"b", "c", "a"}));
  const DataIndex more = DataIndex::open(path("more"), "train"),
                  set = DataIndex::open(path("set"), "train");
  ASSERT_EQ(all.size(), more.size() + set.size());
  const ShardReader reader(all), more_reader(more), set_reader(set);
  for (std::int64_t row = 0; row < all.size(); ++row) {
    const bool of_more = row < more.size();
    const DataIndex& part = of_more ? more : set;
    const std::int64_t from = of_more ? row : row - more.size();
    const auto label = [](const DataIndex& index, std::int64_t r) {
      return index.classes()[static_cast<std::size_t>(index.label(r))];
    };
    EXPECT_EQ(label(all, row), label(part, from));
    EXPECT_EQ(all.path(row), part.path(from));
    EXPECT_EQ(reader.read(row), (of_more ? more_reader : set_reader).read(from));
    EXPECT_EQ(all.sample_id(row), row);
  }
  ok("verify " + quoted(path("all")) + " --level decode");
  EXPECT_NE(ok("merge " + quoted(path("more")) + " " + quoted(path("set")) + " --out " +
               quoted(path("all")))
                .find("nothing to do"),
            std::string::npos);
  ok("merge " + quoted(path("more")) + " " + quoted(path("set")) + " --link --out " +
     quoted(path("linked")));
  auto copied = files("all"), linked = files("linked");
  EXPECT_EQ(copied, linked);
  EXPECT_TRUE(
      fs::equivalent(path("linked/train-00001-of-00002.h5"), path("set/train-00000-of-00001.h5")));
}

TEST_F(GrowingSetsTest, MergeRefusesWhatDoesNotFit) {
  ok("pack " + quoted(path("second")) + " --gray16 scale --out " + quoted(path("scaled")));
  expect_fault("merge " + quoted(path("set")) + " " + quoted(path("scaled")) + " --out " +
                   quoted(path("all")),
               65, "--gray16 scale");
  expect_fault(
      "merge " + quoted(path("set")) + " " + quoted(path("set")) + " --out " + quoted(path("all")),
      2, "named twice");
  ok("pack " + quoted(path("second")) + " --out " + quoted(path("more")));
  const std::string merge = "merge " + quoted(path("set")) + " " + quoted(path("more")) + " --out ";
  expect_fault(merge + quoted(path("more")), 2, "finished data set of something else");
  test::flip_byte(path("more/train-00000-of-00001.h5"),
                  fs::file_size(path("more/train-00000-of-00001.h5")) / 2);
  expect_fault(merge + quoted(path("all")), 65, "its bytes are not those that were packed");
  EXPECT_FALSE(fs::exists(path("all/dataset.json")));
}

/// A CSV file with a box for every picture of the second source.
std::string boxes_of_second() {
  std::string csv = "path,x,y,width,height\n";
  for (const char* split : {"train", "val"})
    for (const char* name : {"b", "c"})
      for (int i = 0; i < 2; ++i)
        csv += fmt::format("{}/{}/new{}.jpg,{},2,10,12\n", split, name, i, i + 1);
  return csv;
}

TEST_F(GrowingSetsTest, AppendedPicturesBringTheirBoxes) {
  test::put(path("boxes.csv"), boxes_of_second());
  nlohmann::ordered_json options = Manifest::read(path("set")).options;
  ok(append("--new-classes --boxes " + quoted(path("boxes.csv"))));
  const SampleColumns columns = DataIndex::open(path("set"), "train").columns();
  ASSERT_EQ(columns.box.size(), 4u * 10);
  EXPECT_TRUE(std::isnan(columns.box[0])) << "the first pictures have none";
  EXPECT_EQ(columns.box[4 * 7], 2) << "the second of class b";
  const Manifest grown = Manifest::read(path("set"));
  ASSERT_TRUE(grown.options.contains("annotations"));
  options["annotations"] = grown.options["annotations"];
  EXPECT_EQ(grown.options, options) << "pictures are stored as before";

  // The set has boxes now; one without can still be appended, and one that has boxes, too.
  test::put(path("third/train/a/late.jpg"), test::jpeg(500));
  ok("append " + quoted(path("set")) + " " + quoted(path("third")) + " --splits train");
  EXPECT_EQ(DataIndex::open(path("set"), "train").columns().box.size(), 4u * 11);
  EXPECT_EQ(DataIndex::open(path("set"), "val").columns().box.size(), 4u * 8);
  ok("verify " + quoted(path("set")) + " --level decode");
}

TEST_F(GrowingSetsTest, OtherBoxesAreAnotherAppend) {
  test::put(path("boxes.csv"), boxes_of_second());
  const std::string with_boxes = "--new-classes --boxes " + quoted(path("boxes.csv"));
  fs::copy(path("set"), path("other"), fs::copy_options::recursive);
  ok(append(with_boxes));
  std::string csv = boxes_of_second();
  csv.replace(csv.find(",2,10,12"), 8, ",3,10,12");
  test::put(path("boxes.csv"), csv);
  ok("append " + quoted(path("other")) + " " + quoted(path("second")) + " " + with_boxes);
  EXPECT_NE(Manifest::read(path("set")).dataset_id, Manifest::read(path("other")).dataset_id);
}

TEST_F(GrowingSetsTest, BadPicturesThatWereLeftOutStayKnown) {
  const std::string whole = test::jpeg(800);
  test::put(path("second/train/b/cut.jpg"), whole.substr(0, whole.size() / 2));
  EXPECT_NE(ok(append("--new-classes --on-error skip")).find("1 bad pictures were left out"),
            std::string::npos);
  const auto report = nlohmann::json::parse(read_file(path("set/pack-report-g2.json")));
  ASSERT_EQ(report["bad"].size(), 1u);
  EXPECT_EQ(report["bad"][0]["path"], "b/cut.jpg");
  EXPECT_GT(report["bad"][0]["offset"], 0);
  EXPECT_NE(ok(append("--new-classes --on-error skip")).find("nothing to do"), std::string::npos);
  // Whole now, it is a new picture among known ones.
  expect_fault(append(), 65, "are in the set already");
}

TEST_F(GrowingSetsTest, ASetOfSeveralKindsOfStorageGrowsOn) {
  ok("pack " + quoted(path("second")) + " --max-side 16 --out " + quoted(path("small")));
  ok("merge " + quoted(path("set")) + " " + quoted(path("small")) + " --out " +
     quoted(path("all")));
  test::put(path("third/train/a/late.jpg"), test::jpeg(500));
  const std::string grow =
      "append " + quoted(path("all")) + " " + quoted(path("third")) + " --splits train";
  expect_fault(grow + " --exif apply", 2, "was packed with");
  ok(grow);
  EXPECT_EQ(DataIndex::open(path("all"), "train").size(), 11);
}

TEST_F(GrowingSetsTest, EqualPicturesOfTwoSetsAreReported) {
  test::put(path("second/val/b/again.png"), test::png(1));  // train/a/1.png of the first
  const std::string said = ok(append());
  EXPECT_NE(said.find("leak: 1 pictures"), std::string::npos) << said;
}

TEST_F(GrowingSetsTest, VerifyComparesWithItsSource) {
  const std::string verify =
      "verify " + quoted(path("set")) + " --against " + quoted(path("first"));
  EXPECT_NE(ok(verify).find("10 files are those of"), std::string::npos);
  test::put(path("first/train/a/0.jpg"), test::jpeg(77));
  expect_fault(verify, 65, "train/a/0.jpg");
  const ProgramResult json = run(verify + " --json --quiet");
  EXPECT_EQ(nlohmann::json::parse(json.output).at("against").at("differences").size(), 1u);
}

}  // namespace
}  // namespace intr
