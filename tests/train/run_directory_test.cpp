// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_directory.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "intr/train/metrics_csv.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

class RunDirectoryTest : public testing::Test {
 protected:
  std::string text(const char* file) const { return read_file(path_ + "/" + file); }
  test::TempDir folder_;
  const std::string path_ = folder_ / "runs/one";
  RunDirectory run_{path_, false};
};

TEST_F(RunDirectoryTest, WritesRecordsALineEach) {
  run_.write_config({{"options", {{"seed", 42}}}});
  EXPECT_EQ(read_json(path_ + "/config.json").at("options").at("seed"), 42);
  run_.append_metrics({{"kind", "train"}, {"step", 1}});
  run_.append_metrics({{"kind", "train"}, {"step", 2}});
  EXPECT_EQ(text("metrics.jsonl"),
            "{\"kind\":\"train\",\"step\":1}\n{\"kind\":\"train\",\"step\":2}\n");
  run_.append_event("start", {{"ranks", 2}});
  const Json event = Json::parse(text("events.jsonl"));
  EXPECT_EQ(event.at("kind"), "start");
  EXPECT_EQ(event.at("ranks"), 2);
  EXPECT_TRUE(event.contains("attempt"));
}

TEST_F(RunDirectoryTest, WhoLostTheRunRecordsNothing) {
  write_file(path_ + "/run.lock", "another job's");
  EXPECT_THROW(run_.append_metrics({{"step", 1}}), PeerError);
  EXPECT_THROW(run_.append_epoch({{"epoch", 0}}), PeerError);
  EXPECT_THROW(run_.mark_done(1), PeerError);
  for (const char* file : {"/metrics.jsonl", "/log.txt", "/DONE"})
    EXPECT_FALSE(fs::exists(path_ + file)) << file;
}

TEST_F(RunDirectoryTest, DropsRecordsBeyondTheResumedStep) {
  for (const int step : {1, 2, 3}) run_.append_metrics({{"kind", "train"}, {"step", step}});
  run_.append_metrics({{"kind", "eval"}, {"step", 2}});
  for (const int epoch : {0, 1}) run_.append_epoch({{"epoch", epoch}});
  EXPECT_EQ(run_.drop_records_beyond({.step = 2, .epochs_logged = 1}), 2);
  EXPECT_EQ(text("metrics.jsonl"),
            "{\"kind\":\"train\",\"step\":1}\n{\"kind\":\"train\",\"step\":2}\n"
            "{\"kind\":\"eval\",\"step\":2}\n");
  EXPECT_EQ(text("log.txt"), "{\"epoch\":0}\n");
  EXPECT_EQ(run_.drop_records_beyond({.step = 2, .epochs_logged = 1, .repeat_evaluation = true}),
            1);
  EXPECT_EQ(run_.drop_records_beyond({.step = 0, .epochs_logged = 0}), 3);
  EXPECT_EQ(text("metrics.jsonl"), "");
}

TEST_F(RunDirectoryTest, TheTableHoldsWhatTheLinesHold) {
  for (const int step : {1, 2, 3})
    run_.append_metrics({{"kind", "train"}, {"step", step}, {"loss", 0.5 * step}});
  const std::string header = metrics_csv_header() + "\n";
  EXPECT_EQ(text("metrics.csv").substr(0, header.size()), header);
  EXPECT_NE(text("metrics.csv").find("\ntrain,3,,,1.5,"), std::string::npos);
  run_.drop_records_beyond({.step = 2});
  EXPECT_NE(text("metrics.csv").find("\ntrain,2,,,1.0,"), std::string::npos);
  EXPECT_EQ(text("metrics.csv").find("\ntrain,3"), std::string::npos);
  fs::remove(path_ + "/metrics.csv");
  run_.drop_records_beyond({.step = 2});
  EXPECT_NE(text("metrics.csv").find("\ntrain,2,"), std::string::npos) << "made anew";
}

TEST_F(RunDirectoryTest, KnowsWhenTheRunFirstStarted) {
  const double before = unix_time();
  run_.append_event("start");
  const double start = run_.first_start();
  EXPECT_GE(start, before);
  run_.append_event("resume");
  append_line(path_ + "/events.jsonl", "{\"kind\":\"tor");
  run_.append_event("start");  // it had died before its first checkpoint
  EXPECT_EQ(run_.first_start(), start);
  run_.append_event("start", {{"fresh", true}});
  EXPECT_GE(run_.first_start(), start);
  run_.append_event("start", {{"time", 9e9}, {"fresh", true}});
}

TEST_F(RunDirectoryTest, DropsATornLastLine) {
  run_.append_metrics({{"kind", "train"}, {"step", 1}});
  append_line(path_ + "/metrics.jsonl", "{\"kind\":\"tra");
  EXPECT_EQ(run_.drop_records_beyond({.step = 9}), 1);
  EXPECT_EQ(text("metrics.jsonl"), "{\"kind\":\"train\",\"step\":1}\n");
}

TEST_F(RunDirectoryTest, SetsRecordsAside) {
  run_.append_metrics({{"step", 1}});
  run_.set_records_aside();
  EXPECT_FALSE(fs::exists(path_ + "/metrics.jsonl"));
  EXPECT_EQ(text("metrics.jsonl.old-1"), "{\"step\":1}\n");
}

TEST_F(RunDirectoryTest, RemembersThatItIsDone) {
  EXPECT_EQ(run_.done_step(), -1);
  run_.mark_done(120);
  EXPECT_EQ(run_.done_step(), 120);
  run_.unmark_done();
  EXPECT_EQ(run_.done_step(), -1);
}

}  // namespace
}  // namespace intr
