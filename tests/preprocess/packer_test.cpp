// SPDX-License-Identifier: Apache-2.0
#include "preprocess/packer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>

#include "intr/core/error.h"
#include "intr/data/data_index.h"
#include "intr/data/shard_reader.h"
#include "intr/io/json_file.h"
#include "preprocess/image_folder.h"
#include "support/temp_dir.h"
#include "tiny_source.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class PackerTest : public testing::Test {
 protected:
  PackerTest() {
    ::setenv("SOURCE_DATE_EPOCH", "0", 1);
    test::make_tiny_source(root);
  }
  /// Shards of about two pictures.
  PackPlan plan() {
    source = std::make_unique<ImageFolder>(root, rules, HiddenPolicy::kRefuse);
    return make_plan(source->scan(), 1000, "{\"store\":\"original\"}");
  }
  PackOutcome pack(const std::string& set, PackerOptions options = {}) {
    const PackPlan what = plan();
    Packer packer(*source, root, what, set, options);
    const PackOutcome outcome = packer.run();
    if (outcome == PackOutcome::kDone) report = packer.report().json();
    return outcome;
  }
  template <class Kind>
  std::string refusal(const std::string& set, PackerOptions options = {}) {
    try {
      pack(set, options);
    } catch (const Kind& error) {
      return error.what();
    }
    return "no error";
  }
  test::TempDir folder;
  std::string root = folder / "source";
  SourceRules rules;
  std::unique_ptr<ImageFolder> source;
  nlohmann::ordered_json report;
};

TEST_F(PackerTest, StoresTheFilesUntouched) {
  EXPECT_EQ(pack(folder / "set"), PackOutcome::kDone);
  for (const char* split : {"train", "val"}) {
    const DataIndex index = DataIndex::open(folder / "set", split);
    EXPECT_GT(index.shards().size(), 1u);
    const ShardReader reader(index);
    for (std::int64_t row = 0; row < index.size(); ++row) {
      EXPECT_EQ(test::text_of(reader.read(row)),
                read_file(root + "/" + split + "/" + index.path(row)));
      EXPECT_EQ(index.sample_id(row), row);
      EXPECT_EQ(index.classes()[static_cast<std::size_t>(index.label(row))],
                index.path(row).substr(0, 1));
    }
  }
  for (const auto& [name, bytes] : test::contents(folder / "set"))
    EXPECT_NE(name.front(), '.') << name << " was left behind";
}

TEST_F(PackerTest, EqualInputGivesEqualBytesWhateverTheThreads) {
  pack(folder / "one");
  PackerOptions options;
  options.check.threads = 7;
  pack(folder / "seven", options);
  EXPECT_EQ(test::contents(folder / "one"), test::contents(folder / "seven"));
}

TEST_F(PackerTest, StoppedAfterAnyShardItGoesOnToTheSameBytes) {
  pack(folder / "whole");
  const auto expected = test::contents(folder / "whole");
  for (int calls = 0; calls < 28; calls += 3) {
    const std::string set = folder / ("stopped" + std::to_string(calls));
    std::atomic<int> left{calls};
    PackerOptions options;
    options.finish_within_s = -1;  // no shard is finished after the signal
    options.stop_requested = [&] { return left-- <= 0; };
    if (pack(set, options) == PackOutcome::kStopped) {
      EXPECT_FALSE(fs::exists(set + "/dataset.json"));
      for (const auto& [name, bytes] : test::contents(set))
        EXPECT_EQ(name.find(".tmp"), std::string::npos) << name;
      EXPECT_EQ(pack(set), PackOutcome::kDone);
    }
    EXPECT_EQ(test::contents(set), expected) << calls;
  }
}

TEST_F(PackerTest, KeepsFinishedShardsAndWritesDamagedOrOutdatedOnesAgain) {
  pack(folder / "whole");
  const std::string set = folder / "set";
  std::atomic<int> left{7};
  PackerOptions options;
  options.finish_within_s = 1e9;
  options.stop_requested = [&] { return left-- <= 0; };
  ASSERT_EQ(pack(set, options), PackOutcome::kStopped);
  std::string shard, damaged;
  for (const PlannedShard& planned : plan().shards) {
    const std::string path = set + "/" + planned.file;
    (fs::exists(path) ? shard : damaged) = path;
  }
  ASSERT_FALSE(shard.empty()) << "see the size of shards in plan()";
  ASSERT_FALSE(damaged.empty());
  const auto first = fs::last_write_time(shard);
  fs::copy_file(shard, damaged);
  fs::resize_file(damaged, 100);
  write_file(set + "/.val-00000-of-00002.h5.tmp-" + plan().plan_id, "half");
  ASSERT_EQ(pack(set), PackOutcome::kDone);
  EXPECT_EQ(fs::last_write_time(shard), first);
  EXPECT_EQ(test::contents(set), test::contents(folder / "whole"));
}

TEST_F(PackerTest, AFileTouchedBetweenRunsIsPackedAgain) {
  const std::string set = folder / "set";
  std::atomic<int> left{7};
  PackerOptions options;
  options.finish_within_s = 1e9;
  options.stop_requested = [&] { return left-- <= 0; };
  ASSERT_EQ(pack(set, options), PackOutcome::kStopped);
  // Other pixels, equal size: a PNG of equal length is not to be had, so bytes behind the end.
  std::string bytes = read_file(root + "/train/a/1.png");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  const std::string path = root + "/train/a/1.png";
  write_file(path, bytes);
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(5));
  ASSERT_EQ(pack(set), PackOutcome::kDone);
  const DataIndex index = DataIndex::open(set, "train");
  EXPECT_EQ(test::text_of(ShardReader(index).read(1)), bytes);
}

TEST_F(PackerTest, AFinishedSetNeedsNothing) {
  pack(folder / "set");
  const auto before = test::contents(folder / "set");
  EXPECT_EQ(pack(folder / "set"), PackOutcome::kNothingToDo);
  EXPECT_EQ(test::contents(folder / "set"), before);
}

TEST_F(PackerTest, AnotherSourceIntoTheSameFolderIsRefused) {
  pack(folder / "set");
  test::put(root + "/train/a/9.jpg", test::jpeg(99));
  EXPECT_NE(refusal<UsageError>(folder / "set").find("split 'train' has 6 samples, the source 7"),
            std::string::npos);
  PackerOptions stopped;
  stopped.stop_requested = [] { return true; };
  ASSERT_EQ(pack(folder / "other", stopped), PackOutcome::kStopped);
  fs::remove(root + "/train/a/9.jpg");
  EXPECT_NE(refusal<UsageError>(folder / "other").find("it had 11 pictures"), std::string::npos);
  PackerOptions restart;
  restart.restart = true;
  EXPECT_EQ(pack(folder / "other", restart), PackOutcome::kDone);
}

TEST_F(PackerTest, BadPicturesAreAllListedAndNothingIsFinished) {
  const std::string whole = test::jpeg(50);
  test::put(root + "/train/a/cut.jpg", whole.substr(0, whole.size() - 2));
  test::put(root + "/val/b/page.png", "<html>404</html>");
  test::put(root + "/val/b/empty.png", "");
  test::put(root + "/val/b/thin.png", test::png(1, {5000, 1}));
  const std::string message = refusal<DataError>(folder / "set");
  EXPECT_NE(message.find("4 of 14 pictures cannot be packed"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(folder / "set/dataset.json"));
  PackerOptions skip;
  skip.check.skip_bad = true;
  ASSERT_EQ(pack(folder / "set", skip), PackOutcome::kDone);
  ASSERT_EQ(report["bad"].size(), 4u);
  EXPECT_EQ(report["bad"][0]["path"], "a/cut.jpg");
  const DataIndex index = DataIndex::open(folder / "set", "train");
  EXPECT_EQ(index.size(), 6);
  EXPECT_EQ(index.find(3), -1) << "a gap where the bad picture stood";
  PackerOptions fresh = skip;
  ASSERT_EQ(pack(folder / "fresh", fresh), PackOutcome::kDone);
  EXPECT_EQ(test::contents(folder / "set"), test::contents(folder / "fresh"));
}

TEST_F(PackerTest, ContentDecidesNotTheName) {
  test::put(root + "/train/a/really png.jpg", test::png(70));
  ASSERT_EQ(pack(folder / "set"), PackOutcome::kDone);
  EXPECT_EQ(report["flagged"]["extension_mismatch"][0], "train/a/really png.jpg");
  const DataIndex index = DataIndex::open(folder / "set", "train");
  EXPECT_EQ(index.codec(3), static_cast<std::uint8_t>(Codec::kPng));
}

TEST_F(PackerTest, EqualPicturesAreReportedOrRefused) {
  test::put(root + "/train/b/same.jpg", test::jpeg(0));
  test::put(root + "/val/a/leak.jpg", test::jpeg(0));
  ASSERT_EQ(pack(folder / "set"), PackOutcome::kDone);
  ASSERT_EQ(report["duplicates"].size(), 1u);
  EXPECT_TRUE(report["duplicates"][0]["leak"].get<bool>());
  EXPECT_TRUE(report["duplicates"][0]["two_labels"].get<bool>());
  EXPECT_EQ(report["duplicates"][0]["samples"].size(), 3u);
  EXPECT_EQ(report["summary"]["flags"]["duplicate"], 3);
  PackerOptions options;
  options.refuse_duplicates = true;
  EXPECT_NE(refusal<DataError>(folder / "refused", options).find("equal pictures"),
            std::string::npos);
}

TEST_F(PackerTest, TheIdentityDependsOnContentsNotOnShards) {
  pack(folder / "small");
  const PackPlan large = make_plan(source->scan(), 1 << 30, "{\"store\":\"original\"}");
  Packer packer(*source, root, large, folder / "large", {});
  ASSERT_EQ(packer.run(), PackOutcome::kDone);
  const Manifest a = Manifest::read(folder / "small"), b = Manifest::read(folder / "large");
  EXPECT_EQ(a.dataset_id, b.dataset_id);
  EXPECT_NE(a.plan_ids, b.plan_ids);
  test::put(root + "/val/b/0.jpg", test::jpeg(123));
  pack(folder / "changed");
  EXPECT_NE(Manifest::read(folder / "changed").dataset_id, a.dataset_id);
}

}  // namespace
}  // namespace intr
