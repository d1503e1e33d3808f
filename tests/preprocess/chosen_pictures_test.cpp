// SPDX-License-Identifier: Apache-2.0
// A part of the pictures, as a user chooses it: --limit, --include and --exclude.
#include <set>

#include "intr/data/data_index.h"
#include "packed_set.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using test::quoted;

class ChosenPicturesTest : public test::PackedSetTest {
 protected:
  ProgramResult choose(const std::string& options) {
    fs::remove_all(set);
    return run("pack " + quoted(root) + " --out " + quoted(set) + " " + options);
  }
  /// Packs, and checks what it says against what is there. @return SPLIT/PATH:ID of each sample
  std::vector<std::string> chosen(const std::string& options, int train, int val) {
    const ProgramResult planned = choose(options + " --dry-run");
    const ProgramResult packed = choose(options + " --json");
    EXPECT_EQ(packed.exit_code, 0) << packed.errors;
    for (const std::string& said : {planned.errors, packed.errors})
      for (const std::string& line : {fmt::format("split train: {} pictures", train),
                                      fmt::format("split val: {} pictures", val)})
        EXPECT_NE(said.find(line), std::string::npos) << said;
    const auto summary = nlohmann::json::parse(packed.output);
    EXPECT_EQ(summary["splits"]["train"]["samples"], train);
    EXPECT_EQ(summary["splits"]["val"]["samples"], val);
    std::vector<std::string> samples;
    for (const char* split : {"train", "val"}) {
      const DataIndex index = DataIndex::open(set, split);
      EXPECT_EQ(index.size(), std::string(split) == "train" ? train : val);
      EXPECT_EQ(index.classes(), (std::vector<std::string>{"a", "b"}));
      for (std::int64_t row = 0; row < index.size(); ++row)
        samples.push_back(fmt::format("{}/{}:{}", split, index.path(row), index.sample_id(row)));
    }
    EXPECT_EQ(on_set("verify", "--level decode").exit_code, 0);
    return samples;
  }
  std::string list(const std::string& lines) {
    test::put(folder / "a list", lines);
    return quoted(folder / "a list");
  }
};

TEST_F(ChosenPicturesTest, LimitTakesSoManyInOrderAndKeepsTheirIds) {
  const std::vector<std::string> all = chosen("", 6, 4);
  std::set<std::vector<std::string>> choices;
  for (int seed = 0; seed < 6; ++seed) {
    const std::string options = fmt::format("--limit train=2,val=3 --limit-seed {}", seed);
    const std::vector<std::string> some = chosen(options, 2, 3);
    EXPECT_TRUE(std::includes(all.begin(), all.end(), some.begin(), some.end()));
    EXPECT_EQ(chosen(options, 2, 3), some) << "the same seed, the same pictures";
    choices.insert(some);
  }
  EXPECT_GT(choices.size(), 2u) << "seeds choose";
  EXPECT_EQ(chosen("--limit train=1", 1, 4).size(), 5u);
  EXPECT_EQ(chosen("--limit train=999999", 6, 4), all);
}

TEST_F(ChosenPicturesTest, IncludeTakesTheseAlone) {
  EXPECT_EQ(chosen("--include " + list("train/a/2.jpg\nb/1.png\nval/a/0.jpg\n"), 2, 2),
            (std::vector<std::string>{"train/a/2.jpg:2", "train/b/1.png:4", "val/a/0.jpg:0",
                                      "val/b/1.png:3"}));
}

TEST_F(ChosenPicturesTest, ExcludeTakesAllButThese) {
  EXPECT_EQ(chosen("--exclude " + list("a/0.jpg\ntrain/b/0.jpg\ntrain/b/2.jpg"), 3, 3),
            (std::vector<std::string>{"train/a/1.png:1", "train/a/2.jpg:2", "train/b/1.png:4",
                                      "val/a/1.png:1", "val/b/0.jpg:2", "val/b/1.png:3"}));
}

TEST_F(ChosenPicturesTest, AllThreeTogether) {
  test::put(folder / "out", "a/0.jpg\n");
  const std::vector<std::string> some =
      chosen("--limit train=1 --exclude " + quoted(folder / "out") + " --include " +
                 list("a/0.jpg\na/1.png\ntrain/a/2.jpg\n"),
             1, 1);
  EXPECT_TRUE(some.front() == "train/a/1.png:1" || some.front() == "train/a/2.jpg:2");
  EXPECT_EQ(some.back(), "val/a/1.png:1");
}

TEST_F(ChosenPicturesTest, ALineThatFitsNothingIsRefusedByName) {
  for (const char* option : {"--include ", "--exclude "})
    for (const char* line : {"a/99.jpg", "val/a/2.jpg", "a/*.jpg", "a", "a/0.jpg ", "/a/0.jpg"}) {
      const std::string file = list(std::string("a/0.jpg\n") + line + "\n");
      const ProgramResult result = choose(option + file);
      expect_refused(result, 65, fmt::format("'{}' is no picture of any split", line));
      expect_refused(result, 65, "a list");
      EXPECT_FALSE(fs::exists(set)) << option << line;
    }
  expect_refused(choose("--include " + quoted(folder / "no list")), 65, "no list");
}

TEST_F(ChosenPicturesTest, NothingLeftIsRefused) {
  expect_refused(choose("--include " + list("")), 65, "nothing is left of split 'train'");
  expect_refused(choose("--include " + list("train/a/0.jpg\n")), 65,
                 "nothing is left of split 'val'");
  expect_refused(choose("--exclude " + list("val/a/0.jpg\nval/a/1.png\nval/b/0.jpg\nval/b/1.png")),
                 65, "nothing is left of split 'val'");
  expect_refused(choose("--limit test=1"), 2, "no split 'test'");
  for (const char* limit : {"train=0", "train=-1", "train", "5", "train=1.5", "train=2x"})
    expect_refused(choose(std::string("--limit ") + limit), 2, "is no limit");
  EXPECT_FALSE(fs::exists(set));
}

}  // namespace
}  // namespace intr
