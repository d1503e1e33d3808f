// SPDX-License-Identifier: Apache-2.0
// intr-train as a user meets it: stop by a signal, resume, and every kind of bad input. Each fault
// must end all ranks with its status and a sentence that says what to do.
#include <gtest/gtest.h>

#include <filesystem>

#include "intr/io/hdf5.h"
#include "intr/io/json_file.h"
#include "intr/weights/checkpoint_file.h"
#include "intr/weights/checkpoint_manifest.h"
#include "support/colored_squares.h"
#include "support/damage.h"
#include "support/programs.h"
#include "support/tiny_flags.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using test::quoted;

class TrainProgramTest : public testing::Test {
 protected:
  std::string command(int ranks, const std::string& run, const std::string& more = {}) const {
    return test::on_ranks(ranks) + test::program("train") + " --data " + quoted(set_) + " --out " +
           quoted(folder_ / run) + test::tiny_flags(more);
  }
  ProgramResult train(int ranks, const std::string& run, const std::string& more = {}) const {
    return test::run_program("timeout 100 " + command(ranks, run, more));
  }
  std::string newest(const std::string& run) const {
    const std::string folder = folder_ / run + "/checkpoints";
    return folder + "/" + checkpoint_candidates(folder).front().file;
  }
  void expect_failure(const ProgramResult& result, int code,
                      std::initializer_list<const char*> words) const {
    EXPECT_EQ(result.exit_code, code) << result.errors;
    for (const char* word : words)
      EXPECT_NE(result.errors.find(word), std::string::npos) << word << " in " << result.errors;
  }

  test::TempDir folder_;
  const std::string set_ = test::make_colored_squares(folder_.path());
};

TEST_F(TrainProgramTest, HelpAndVersionNeedNoLauncher) {
  const ProgramResult help = test::run_program(test::program("train") + " --help");
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.output.find("--batch-size"), std::string::npos);
  const ProgramResult version = test::run_program(test::program("train") + " --version");
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_NE(version.output.find("LibTorch"), std::string::npos);
}

TEST_F(TrainProgramTest, StoppedByASignalAndResumedEqualsUnbroken) {
  EXPECT_EQ(train(2, "whole").exit_code, 0);
  const std::string metrics = quoted(folder_ / "broken/metrics.jsonl");
  // Not under timeout(1), which the signal would end.
  const ProgramResult stopped = test::run_program(
      command(2, "broken", "--epochs 2000") + " & pid=$!\n" +  // long enough to be stopped
      "while kill -0 $pid && [ $(cat " + metrics +
      " 2>/dev/null | wc -l) -lt 3 ]; do sleep 0.02; done\n" + "kill -USR2 $pid; wait $pid");
  EXPECT_EQ(stopped.exit_code, 75) << stopped.errors;
  const std::int64_t step = read_checkpoint(newest("broken")).step;
  EXPECT_GE(step, 2);
  EXPECT_EQ(train(2, "broken", "--max-steps " + std::to_string(step + 3)).exit_code, 0);
  EXPECT_EQ(train(2, "whole2", "--max-steps " + std::to_string(step + 3)).exit_code, 0);
  const Checkpoint whole = read_checkpoint(newest("whole2"));
  const Checkpoint broken = read_checkpoint(newest("broken"));
  EXPECT_EQ(whole.step, broken.step);
  EXPECT_EQ(whole.param, broken.param);
  EXPECT_EQ(whole.exp_avg, broken.exp_avg);
  EXPECT_EQ(whole.exp_avg_sq, broken.exp_avg_sq);
  EXPECT_EQ(test::without_times(folder_ / "whole2/metrics.jsonl"),
            test::without_times(folder_ / "broken/metrics.jsonl"));
}

TEST_F(TrainProgramTest, WrongOptions) {
  expect_failure(train(1, "run", "--bach-size 4"), 2, {"--bach-size", "--batch-size"});
  expect_failure(train(2, "run", "--bach-size 4"), 2, {"--batch-size"});
  expect_failure(train(1, "run", "--freeze all"), 2, {"--freeze", "stem"});
  expect_failure(train(1, "run", "--save-every often"), 2, {"--save-every", "500steps"});
  expect_failure(train(1, "run", "--allow-change sed"), 2,
                 {"--allow-change", "did you mean seed?", "batch-size"});
  expect_failure(train(1, "run", "--num-queries 200"), 2, {"--num-queries", "3 classes"});
  expect_failure(train(1, "run", "--lr-scheduler cosine --min-lr 1"), 2, {"--min-lr"});
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

TEST_F(TrainProgramTest, MissingDataSet) {
  for (const int ranks : {1, 2}) {
    const ProgramResult result = test::run_program(
        "timeout 100 " + test::on_ranks(ranks) + test::program("train") + " --data " +
        quoted(folder_ / "nothing") + " --out " + quoted(folder_ / "run") + test::tiny_flags());
    expect_failure(result, 65, {"nothing", "Next:"});
  }
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

TEST_F(TrainProgramTest, FlippedByteInAShardEndsAllRanks) {
  for (const auto& file : fs::recursive_directory_iterator(set_)) {
    const std::string path = file.path().string();
    if (path.find("train") == std::string::npos || !file.is_regular_file()) continue;
    const hdf5::File shard = hdf5::File::open(path);
    if (!shard.exists("/data")) continue;
    test::flip_byte(path, shard.byte_offset("/data") + 40);
  }
  expect_failure(train(2, "run", "--init plain"), 65, {"train", "Next:"});
  EXPECT_FALSE(fs::exists(folder_ / "run/checkpoints/last.h5"));
}

TEST_F(TrainProgramTest, FewerSamplesOrPicturesAStepThanRanks) {
  test::make_colored_squares(folder_ / "small", {.num_classes = 2, .train_per_class = 1});
  const ProgramResult few = test::run_program(
      "timeout 100 " + test::on_ranks(3) + test::program("train") + " --data " +
      quoted(folder_ / "small/set") + " --out " + quoted(folder_ / "run") + test::tiny_flags());
  expect_failure(few, 78, {"2 samples", "3 ranks", "at most 2"});
  expect_failure(train(3, "run", "--batch-size 2"), 78, {"--batch-size", "3 ranks"});
}

TEST_F(TrainProgramTest, ACheckpointOfAnotherRun) {
  ASSERT_EQ(train(1, "run", "--max-steps 1").exit_code, 0);
  expect_failure(train(1, "run", "--dec-layers 2"), 78,
                 {"dec_layers is 1 there, 2 here", "--fresh"});
  expect_failure(train(2, "run", "--batch-size 6 --seed 5"), 78,
                 {"batch_size is 5 there, 6 here", "seed is 42 there, 5 here",
                  "--allow-change batch-size --allow-change seed"});
  test::make_colored_squares(folder_ / "more", {.train_per_class = 7});
  const auto with = [&](const std::string& set) {
    return test::run_program("timeout 100 " + test::program("train") + " --data " +
                             quoted(folder_ / set) + " --out " + quoted(folder_ / "run") +
                             test::tiny_flags());
  };
  expect_failure(with("more/set"), 78, {"dataset_id", "num_samples is 18 there, 21 here"});
  test::make_colored_squares(folder_ / "wide", {.num_classes = 4});
  expect_failure(with("wide/set"), 78, {"3 classes", "has 4", "'d' in the data"});
  test::make_colored_squares(folder_ / "other", {.first_class = "b"});
  expect_failure(with("other/set"), 78, {"class 0 is 'a' there and 'b' in the data"});
}

TEST_F(TrainProgramTest, DamagedCheckpointsFallBackAndThenAreRefused) {
  ASSERT_EQ(train(1, "run", "--save-every 1steps --max-steps 3").exit_code, 0);
  const std::string folder = folder_ / "run/checkpoints/";
  test::cut(folder + checkpoint_file_name(3), 5000);
  const ProgramResult resumed = train(1, "run", "--max-steps 4");
  EXPECT_EQ(resumed.exit_code, 0) << resumed.errors;
  EXPECT_NE(resumed.errors.find("ckpt-0000000003.h5: has 5000 bytes"), std::string::npos)
      << resumed.errors;
  EXPECT_NE(resumed.errors.find("going on from"), std::string::npos);
  for (const ManifestEntry& entry : checkpoint_candidates(folder))
    test::flip_byte(folder + entry.file, fs::file_size(folder + entry.file) / 2);
  expect_failure(train(2, "run", "--max-steps 6"), 65,
                 {"no checkpoint can be gone on from", "--fresh"});
}

TEST_F(TrainProgramTest, ASecondJobInTheSameRun) {
  const ProgramResult second = test::run_program(
      command(1, "run", "--epochs 2000 --quiet") + " & pid=$!\n" + "while kill -0 $pid && [ ! -e " +
      quoted(folder_ / "run/log.txt") + " ]; do sleep 0.02; done\n" + command(1, "run") +
      "\ncode=$?\nkill -TERM $pid; wait $pid; exit $code");
  expect_failure(second, 78, {"another job", "--take-lock"});
}

TEST_F(TrainProgramTest, DivergedTrainingStopsAllRanks) {
  expect_failure(
      train(2, "run", "--lr 100 --lr-backbone 100 --weight-decay 100 --warmup-steps 0 --epochs 20"),
      77, {"not finite", "--lr"});
}

TEST_F(TrainProgramTest, ResultAsJson) {
  const ProgramResult result = train(2, "run", "--max-steps 2 --json --quiet");
  EXPECT_EQ(result.exit_code, 0);
  const auto json = nlohmann::ordered_json::parse(result.output);
  EXPECT_EQ(json.at("status"), "done");
  EXPECT_EQ(json.at("step"), 2);
}

}  // namespace
}  // namespace intr
