// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_score_job.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <filesystem>
#include <memory>

#include "intr/attention/dump_merge.h"
#include "intr/attention/dumper.h"
#include "intr/attention/model_score_pieces.h"
#include "intr/comm/mpi_environment.h"
#include "intr/comm/self_communicator.h"
#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/model_file.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

using test::TempDir;

/// One environment for the whole program, as in our programs; messages end before MPI does.
std::unique_ptr<Communicator>& communicator_of_all() {
  static MpiEnvironment environment;
  static std::unique_ptr<Communicator> communicator = make_communicator("auto", environment);
  return communicator;
}
Communicator& world() { return *communicator_of_all(); }

/// A set of seven pictures, a model and their dump: what all tests of this file share.
struct Shared {
  std::unique_ptr<TempDir> dir;  ///< rank 0's
  std::string root;              ///< a folder that all ranks see
  DataIndex index;
  ShardReader shards;
  ModelConfig config;
  std::unique_ptr<Intr> model;
  Transform transform{Transform::Kind::kValidation, 48};

  static Shared make() {
    torch::set_num_threads(1);
    std::unique_ptr<TempDir> dir;
    if (world().rank() == 0) {
      dir = std::make_unique<TempDir>();
      test::TinySet small;
      small.samples = {{"val", 7}};
      small.id_step = 3;
      test::make_tiny_set(*dir / "set", small);
    }
    const std::string root = world().broadcast_text(dir ? dir->path() : "", 0, {.section = "test"});
    Shared made(std::move(dir), root);
    if (world().rank() == 0) made.dump("dump", "true,top:5");
    if (world().rank() == 0) made.dump("true-only", "true");
    if (world().rank() == 0) made.dump("mean", "true,top:5", "mean");
    if (world().rank() == 0) made.dump("padded", "true,top:5", "all", "reference");
    if (world().rank() == 0) merge_into({made.root + "/dump"}, made.root + "/merged.h5");
    world().barrier({.section = "dump"});
    return made;
  }

 private:
  Shared(std::unique_ptr<TempDir> owned, const std::string& folder)
      : dir(std::move(owned)),
        root(folder),
        index(DataIndex::open(root + "/set", "val")),
        shards(index),
        config(test::tiny_model(std::ssize(index.classes()))),
        model(std::make_unique<Intr>(config, initialize_from_scratch(config, 7))) {}

  void dump(const std::string& name, const std::string& queries, const std::string& heads = "all",
            const std::string& batching = "size") const {
    SelfCommunicator alone;
    DumpOptions options;
    options.queries = queries;
    options.heads = heads;
    options.batching = batching;
    options.batch_size = 2;
    const DumpPlan plan =
        settle_plan(root + "/" + name, index, dump_model(config, std::string(32, 'e'), "fp32"),
                    options, transform, alone);
    Dumper(root + "/" + name, plan,
           {.model = *model,
            .index = index,
            .reader = shards,
            .transform = transform,
            .communicator = alone})
        .run();
  }
};

const Shared& shared() {
  static const Shared made = Shared::make();
  return made;
}

class ModelScoreJobTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = shared().root + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
    if (world().rank() == 0) make_folder(root_);
    options_.samples = 0;
    options_.randomization_samples = 2;
    world().barrier({.section = "test begin"});
  }
  void TearDown() override { world().barrier({.section = "test end"}); }
  static void TearDownTestSuite() { communicator_of_all().reset(); }

  ModelScoreWork work(const MapReader& reader, Communicator& communicator) const {
    return {.dump = "dump",
            .reader = reader,
            .data = shared().root + "/set",
            .index = shared().index,
            .shards = shared().shards,
            .transform = shared().transform,
            .model = *shared().model,
            .communicator = communicator,
            .options = options_,
            .keep_value_maps = true,
            .stop_requested = stop_};
  }
  ExitCode run(const std::string& name, Communicator& communicator) {
    const MapReader reader = MapReader::open(shared().root + "/" + dump_);
    return ModelScoreJob(root_ + "/" + name, work(reader, communicator)).run();
  }
  ModelScoreTable table(const std::string& name) {
    const MapReader reader = MapReader::open(shared().root + "/" + dump_);
    SelfCommunicator alone;
    return ModelScoreJob(root_ + "/" + name, work(reader, alone)).table();
  }
  /// Rank 0 computes the same alone and compares every file.
  void expect_equal_to_one_rank(const std::string& name) {
    if (world().rank() != 0) return;
    SelfCommunicator alone;
    ASSERT_EQ(run(name + "-alone", alone), ExitCode::kDone);
    std::int64_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(root_ + "/" + name + "-alone")) {
      const std::string file = entry.path().filename().string();
      EXPECT_EQ(read_file(root_ + "/" + name + "/" + file), read_file(entry.path().string()))
          << file;
      ++files;
    }
    EXPECT_EQ(files, 8);  // plan and seven pieces
    const std::filesystem::directory_iterator all(root_ + "/" + name);
    EXPECT_EQ(std::distance(begin(all), end(all)), files);  // nothing else, no temporary file
  }

  std::string root_, dump_ = "dump";
  ModelScoreOptions options_;
  std::function<bool()> stop_;
};

TEST_F(ModelScoreJobTest, EqualBytesForAnyNumberOfRanks) {
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);
  expect_equal_to_one_rank("scores");
}

TEST_F(ModelScoreJobTest, FullAndBlankPicturesAreWhatTheyAreCalled) {
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);
  const ModelScoreTable found = table("scores");
  ASSERT_EQ(found.samples.size(), 7U);
  EXPECT_EQ(found.stages.size(), 10U);
  std::int64_t randomized = 0;
  for (const ModelSampleScores& sample : found.samples) {
    ASSERT_TRUE(sample.curves && sample.heads && sample.values);
    const SampleCurves& curves = *sample.curves;
    const TargetScore full = curves.at(CurveKind::kDeletion, CellOrder::kMap).front();
    for (const CellOrder order : kCellOrders) {
      EXPECT_EQ(curves.at(CurveKind::kDeletion, order).front(), full);
      EXPECT_EQ(curves.at(CurveKind::kInsertion, order).back(), full);
      for (const CurveKind kind : kCurveKinds)
        for (const TargetScore& point : curves.at(kind, order)) {
          EXPECT_GE(point.probability, 0);
          EXPECT_LE(point.probability, 1);
          EXPECT_TRUE(std::isfinite(point.margin));
        }
    }
    // The predicted class leads in the whole picture, by the logits that are stored.
    EXPECT_GE(full.margin, 0);
    EXPECT_EQ(sample.target, sample.predicted);
    EXPECT_EQ(sample.heads->effect.size(), 4U);
    if (!sample.randomization) continue;
    ++randomized;
    ASSERT_EQ(sample.randomization->stages.size(), 10U);
    EXPECT_EQ(sample.randomization->stages[0].rank_correlation, 1);
    EXPECT_EQ(sample.randomization->stages[0].cosine, 1);
    EXPECT_LT(sample.randomization->stages[9].rank_correlation, 1);
  }
  EXPECT_EQ(randomized, 2);
}

TEST_F(ModelScoreJobTest, OrdersDifferWithinACurve) {
  options_.measures = "curves";
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);
  std::int64_t different = 0;
  for (const ModelSampleScores& sample : table("scores").samples)
    for (const CurveKind kind : kCurveKinds)
      for (const CellOrder order : kCellOrders)
        if (order != CellOrder::kMap &&
            sample.curves->at(kind, order)[8] != sample.curves->at(kind, CellOrder::kMap)[8])
          ++different;
  EXPECT_GT(different, 40);  // of 56
}

TEST_F(ModelScoreJobTest, BatchesOfPicturesChangeNothing) {
  options_.measures = "curves";
  options_.samples = 2;
  EXPECT_EQ(run("by12", world()), ExitCode::kDone);
  options_.batch_size = 5;
  EXPECT_EQ(run("by5", world()), ExitCode::kDone);
  EXPECT_EQ(read_file(root_ + "/by12/piece-00000.json"),
            read_file(root_ + "/by5/piece-00000.json"));
  EXPECT_EQ(read_file(root_ + "/by12/piece-00001.json"),
            read_file(root_ + "/by5/piece-00001.json"));
}

TEST_F(ModelScoreJobTest, AStoppedRunGoesOnWithWhatIsThere) {
  options_.measures = "heads,values,randomization";
  options_.randomization_samples = 7;
  if (world().rank() == 0) {
    SelfCommunicator alone;
    std::int64_t asked = 0;
    stop_ = [&asked] { return ++asked > 40; };  // in the middle of a sample
    EXPECT_EQ(run("scores", alone), ExitCode::kStopped);
    EXPECT_GT(asked, 40);
    EXPECT_TRUE(std::filesystem::exists(root_ + "/scores/piece-00000.json"));
    EXPECT_FALSE(std::filesystem::exists(root_ + "/scores/piece-00006.json"));
    write_file(root_ + "/scores/.piece-00003.json.tmp-left", "half");
    stop_ = {};
  }
  world().barrier({.section = "stopped"});
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);
  expect_equal_to_one_rank("scores");
}

TEST_F(ModelScoreJobTest, ADamagedPieceIsComputedAgain) {
  options_.measures = "heads,values";
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);
  if (world().rank() == 0) {
    std::string piece = read_file(root_ + "/scores/piece-00002.json");
    piece.resize(piece.size() / 2);
    write_file(root_ + "/scores/piece-00002.json", piece);
  }
  world().barrier({.section = "damaged"});
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);
  expect_equal_to_one_rank("scores");
}

TEST_F(ModelScoreJobTest, AnotherRunInTheFolderIsRefused) {
  if (world().rank() != 0) return;
  SelfCommunicator alone;
  options_.measures = "heads";
  EXPECT_EQ(run("scores", alone), ExitCode::kDone);
  options_.replicates = 7;  // only of the summary
  EXPECT_EQ(run("scores", alone), ExitCode::kDone);
  options_.ablate = "zero";
  try {
    run("scores", alone);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("ablate"), std::string::npos) << error.what();
  }
}

TEST_F(ModelScoreJobTest, WithoutAStoredMapThereIsNoCurve) {
  dump_ = "true-only";
  options_.measures = "curves,heads";
  EXPECT_EQ(run("predicted", world()), ExitCode::kDone);
  std::int64_t without = 0;
  for (const ModelSampleScores& sample : table("predicted").samples) {
    EXPECT_EQ(sample.curves.has_value(), sample.label == sample.predicted);
    EXPECT_TRUE(sample.heads);
    if (!sample.curves) ++without;
  }
  EXPECT_GT(without, 0);
  options_.target = "true";
  EXPECT_EQ(run("true", world()), ExitCode::kDone);
  for (const ModelSampleScores& sample : table("true").samples) {
    EXPECT_TRUE(sample.curves);
    EXPECT_EQ(sample.target, sample.label);
  }
}

TEST_F(ModelScoreJobTest, ValuesNeedNoStoredMap) {
  dump_ = "true-only";
  options_.measures = "curves";
  options_.map = "value";
  options_.samples = 2;
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);
  for (const ModelSampleScores& sample : table("scores").samples) {
    EXPECT_TRUE(sample.curves);
    EXPECT_FALSE(sample.values);  // not asked for
  }
}

TEST_F(ModelScoreJobTest, AMergedFileIsADump) {
  options_.measures = "curves";
  options_.samples = 2;
  EXPECT_EQ(run("folder", world()), ExitCode::kDone);
  dump_ = "merged.h5";
  EXPECT_EQ(run("file", world()), ExitCode::kDone);
  EXPECT_EQ(read_file(root_ + "/file/piece-00000.json"),
            read_file(root_ + "/folder/piece-00000.json"));
}

TEST_F(ModelScoreJobTest, TheMeanOfHeadsAloneOrdersCells) {
  dump_ = "mean";
  options_.measures = "curves";
  options_.samples = 1;
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);
  EXPECT_TRUE(table("scores").samples.at(0).curves);
  options_.map = "head:0";
  EXPECT_THROW(run("head", world()), UsageError);
}

TEST_F(ModelScoreJobTest, PaddedPicturesAreSeenAsInTheirBatch) {
  dump_ = "padded";
  options_.measures = "curves,heads,values";
  options_.samples = 3;
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);  // the logits of the dump come out again
  for (const ModelSampleScores& sample : table("scores").samples)
    EXPECT_TRUE(sample.curves && sample.heads && sample.values);
}

TEST_F(ModelScoreJobTest, RefusesAModelOfAnotherMake) {
  if (world().rank() != 0) return;
  SelfCommunicator alone;
  ModelConfig other = shared().config;
  other.nheads = 8;  // of the same tensors
  const Intr model(other, initialize_from_scratch(other, 7));
  const MapReader reader = MapReader::open(shared().root + "/dump");
  const ModelScoreWork good = work(reader, alone);
  const ModelScoreWork changed{.dump = "dump",
                               .reader = reader,
                               .data = good.data,
                               .index = good.index,
                               .shards = good.shards,
                               .transform = good.transform,
                               .model = model,
                               .communicator = alone,
                               .options = options_};
  try {
    const ModelScoreJob job(root_ + "/scores", changed);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("heads: 4, not 8"), std::string::npos) << error.what();
  }
}

TEST_F(ModelScoreJobTest, TakesThePieceSizeThatIsThere) {
  options_.measures = "heads";
  if (world().rank() == 0) {
    const MapReader reader = MapReader::open(shared().root + "/dump");
    SelfCommunicator alone;
    ModelScorePlan plan = ModelScoreJob(root_ + "/scores", work(reader, alone)).plan();
    plan.piece_samples = 3;
    make_folder(root_ + "/scores");
    EXPECT_TRUE(place_score_plan(root_ + "/scores", plan));
  }
  world().barrier({.section = "placed"});
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);
  EXPECT_TRUE(std::filesystem::exists(root_ + "/scores/piece-00002.json"));
  EXPECT_FALSE(std::filesystem::exists(root_ + "/scores/piece-00003.json"));
}

TEST_F(ModelScoreJobTest, FewerSamplesThanRanks) {
  options_.samples = 1;
  options_.measures = "heads,values";
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);
  const ModelScoreTable found = table("scores");
  ASSERT_EQ(found.samples.size(), 1U);
  EXPECT_EQ(found.forward_passes, 1);
  const MapReader reader = MapReader::open(shared().root + "/dump");
  std::int64_t cells = 0;
  for (std::int64_t row = 0; row < reader.size(); ++row)
    if (reader.sample(row).sample_id == found.samples[0].sample_id)
      cells = reader.sample(row).grid.area();
  EXPECT_EQ(std::ssize(found.samples[0].values->map), cells);
}

TEST_F(ModelScoreJobTest, RefusesWhatTheDumpCannotGive) {
  if (world().rank() != 0) return;
  SelfCommunicator alone;
  const auto refused = [&](const char* name) {
    EXPECT_THROW(run(name, alone), UsageError) << name;
    EXPECT_FALSE(std::filesystem::exists(root_ + "/" + name));
  };
  options_.map = "rollout";
  refused("rollout");
  options_.map = "head:4";
  refused("head");
  options_.map = "mean";
  options_.layer = 0;  // stored is the last one
  refused("layer");
  options_.layer = 2;
  refused("no-layer");
}

TEST_F(ModelScoreJobTest, AHeadWithinTheDecoderIsMeasured) {
  options_.measures = "heads";
  options_.layer = 0;
  options_.samples = 2;
  EXPECT_EQ(run("scores", world()), ExitCode::kDone);
  for (const ModelSampleScores& sample : table("scores").samples) {
    double most = 0;
    for (const double effect : sample.heads->effect) most = std::max(most, std::abs(effect));
    EXPECT_GT(most, 1e-6);
  }
}

}  // namespace
}  // namespace intr
