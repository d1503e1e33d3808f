// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dumper.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include "intr/attention/dump_check.h"
#include "intr/attention/dump_index.h"
#include "intr/attention/map_reader.h"
#include "intr/attention/recomputation.h"
#include "intr/comm/mpi_environment.h"
#include "intr/comm/self_communicator.h"
#include "intr/core/error.h"
#include "intr/core/feature_cells.h"
#include "intr/data/normalize.h"
#include "intr/data/shard_reader.h"
#include "intr/io/atomic_file.h"
#include "intr/model/initialization.h"
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

/// What all tests of this file share: making it is most of their time.
struct Shared {
  std::unique_ptr<TempDir> dir;  ///< rank 0's
  std::string root;              ///< a folder that all ranks see
  DataIndex index;
  ShardReader reader;
  ModelConfig config;

  static Shared make() {
    torch::set_num_threads(1);
    std::unique_ptr<TempDir> dir;
    if (world().rank() == 0) {
      dir = std::make_unique<TempDir>();
      test::TinySet small;
      small.samples = {{"val", 11}};
      small.id_step = 3;
      test::make_tiny_set(*dir / "set", small);
    }
    const std::string root = world().broadcast_text(dir ? dir->path() : "", 0, {.section = "test"});
    return Shared(std::move(dir), root);
  }

 private:
  Shared(std::unique_ptr<TempDir> owned, const std::string& folder)
      : dir(std::move(owned)),
        root(folder),
        index(DataIndex::open(root + "/set", "val")),
        reader(index),
        config(test::tiny_model(std::ssize(index.classes()))) {}
};

const Shared& shared() {
  static const Shared made = Shared::make();
  return made;
}

const TensorMap& weights() {
  static const TensorMap made = initialize_from_scratch(shared().config, 7);
  return made;
}

/// Each test has a folder of its own for its dumps.
class DumperTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = shared().root + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
    model_ = std::make_unique<Intr>(config_, weights());
    options_.batch_size = 2;
    options_.piece_samples = 3;
    options_.layers = "all";
  }
  void TearDown() override { world().barrier({.section = "test end"}); }
  static void TearDownTestSuite() { communicator_of_all().reset(); }

  ExitCode dump(const std::string& name, Communicator& communicator,
                const std::function<bool()>& stop = {}, const DumpPart& part = {}) const {
    const DumpPlan plan = settle_plan(root_ + "/" + name, index_,
                                      dump_model(config_, std::string(32, 'e'), precision_),
                                      options_, transform_, communicator);
    Dumper dumper(root_ + "/" + name, plan,
                  {.model = *model_,
                   .index = index_,
                   .reader = reader_,
                   .transform = transform_,
                   .communicator = communicator,
                   .part = part,
                   .stop_requested = stop});
    return dumper.run();
  }

  /// Rank 0 computes the same alone and compares every file but the one that tells of the run.
  void expect_equal_to_one_rank(const std::string& name) {
    if (world().rank() != 0) return;
    SelfCommunicator alone;
    ASSERT_EQ(dump(name + "-alone", alone), ExitCode::kDone);
    const std::string ours = root_ + "/" + name;
    const std::string theirs = root_ + "/" + name + "-alone";
    std::int64_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(theirs)) {
      const std::string file = entry.path().filename().string();
      ++files;
      if (file == kDumpFileName) continue;
      EXPECT_EQ(read_file(ours + "/" + file), read_file(theirs + "/" + file)) << file;
    }
    const std::filesystem::directory_iterator all(ours);
    EXPECT_EQ(std::distance(begin(all), end(all)), files);  // nothing else, no temporary file
    EXPECT_TRUE(verify_dump(ours).empty());
  }

  void expect_maps_of_the_forward_pass();
  void compute_in_bfloat16() {
    precision_ = "bf16";
    model_ = std::make_unique<Intr>(config_, weights(), at::kBFloat16);
  }

  std::string root_;
  std::string precision_ = "fp32";
  const DataIndex& index_ = shared().index;
  const ShardReader& reader_ = shared().reader;
  const ModelConfig& config_ = shared().config;
  std::unique_ptr<Intr> model_;
  Transform transform_{Transform::Kind::kValidation, 48};
  DumpOptions options_;
};

TEST_F(DumperTest, EqualBytesForAnyNumberOfRanks) {
  EXPECT_EQ(dump("dump", world()), ExitCode::kDone);
  expect_equal_to_one_rank("dump");
  const MapReader reader = MapReader::open(root_ + "/dump");
  ASSERT_EQ(reader.size(), 11);
  EXPECT_EQ(reader.facts().num_queries, 3);  // 3 classes, fewer than true + 5
  EXPECT_EQ(reader.facts().stride, 16);
  for (std::int64_t row = 0; row < reader.size(); ++row) {
    const DumpSample& sample = reader.sample(row);
    EXPECT_EQ(sample.sample_id, index_.sample_id(row));
    EXPECT_EQ(sample.label, index_.label(row));
    EXPECT_EQ(sample.query[0], sample.label);
    EXPECT_EQ(sample.path, index_.path(row));
    EXPECT_EQ(sample.image_hash, index_.hash(row));
    EXPECT_EQ(sample.source_size, index_.image_size(row));
    EXPECT_EQ(sample.grid, feature_grid(sample.resized_size, 16));
    EXPECT_EQ(static_cast<std::int64_t>(reader.maps(row).size()), 2 * 3 * 4 * sample.grid.area());
  }
}

TEST_F(DumperTest, MergedFilesDoNotDependOnTheBatchSize) {
  EXPECT_EQ(dump("by2", world()), ExitCode::kDone);
  options_.batch_size = 5;
  EXPECT_EQ(dump("by5", world()), ExitCode::kDone);
  if (world().rank() != 0) return;
  const MapReader two = MapReader::open(root_ + "/by2");
  const MapReader five = MapReader::open(root_ + "/by5");
  ASSERT_EQ(two.size(), five.size());
  for (std::int64_t row = 0; row < two.size(); ++row) {
    const std::vector<float> a = two.maps(row);
    const std::vector<float> b = five.maps(row);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
      ASSERT_NEAR(a[i], b[i], 1e-5 + 5e-4 * static_cast<double>(b[i]));
  }
}

TEST_F(DumperTest, AKilledRunResumesOnOtherRanks) {
  if (world().rank() == 0) {
    // One rank dies before its fourth batch, once the writing thread has put a piece in place: what
    // it had in memory is gone.
    SelfCommunicator alone;
    std::int64_t asked = 0;
    const auto die = [&asked, this]() -> bool {
      if (++asked <= 3) return false;
      for (int tries = 0; tries < 10000 && dump_status(root_ + "/dump").samples_done == 0; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      throw std::runtime_error("killed");
    };
    EXPECT_THROW(dump("dump", alone, die), std::runtime_error);
    EXPECT_GT(dump_status(root_ + "/dump").samples_done, 0);
    EXPECT_LT(dump_status(root_ + "/dump").samples_done, 11);
    write_file(root_ + "/dump/.piece-00002.h5.tmp-left", "half");
  }
  world().barrier({.section = "killed"});
  EXPECT_EQ(dump("dump", world()), ExitCode::kDone);
  expect_equal_to_one_rank("dump");
}

// Jobs of an array in any order, one of them twice: the last one closes the dump.
TEST_F(DumperTest, PartsMakeTheDumpThatOneJobMakes) {
  options_.piece_samples = 1;
  for (const std::int64_t part : {2, 0, 2, 1}) {
    EXPECT_FALSE(std::filesystem::exists(root_ + "/dump/dump.json"));
    EXPECT_EQ(dump("dump", world(), {}, {.number = part, .count = 3}), ExitCode::kDone);
    world().barrier({.section = "part"});
  }
  expect_equal_to_one_rank("dump");
  EXPECT_EQ(dump("dump", world(), [] { return true; }, {.number = 1, .count = 3}),
            ExitCode::kDone);  // nothing is left to stop
}

TEST_F(DumperTest, TwoJobsAtOnePieceAtOnceAgree) {
  if (world().rank() != 0) return;
  SelfCommunicator alone;
  bool nested = false;
  const auto run_another = [&]() -> bool {
    // In the middle of the first piece another job does all the work and tidies up.
    if (!std::exchange(nested, true)) {
      SelfCommunicator other;
      EXPECT_EQ(dump("dump", other), ExitCode::kDone);
    }
    return false;
  };
  EXPECT_EQ(dump("dump", alone, run_another), ExitCode::kDone);
  EXPECT_TRUE(nested);
  EXPECT_TRUE(verify_dump(root_ + "/dump").empty());
}

// As published: consecutive pictures, padded to the largest.
TEST_F(DumperTest, PaddedBatchesStoreValidCellsAlone) {
  options_.batching = "reference";
  options_.batch_size = 4;
  EXPECT_EQ(dump("dump", world()), ExitCode::kDone);
  expect_equal_to_one_rank("dump");
  const MapReader reader = MapReader::open(root_ + "/dump");
  std::int64_t padded = 0;
  for (std::int64_t row = 0; row < reader.size(); ++row) {
    const DumpSample& sample = reader.sample(row);
    EXPECT_EQ(sample.grid_full, feature_grid(sample.padded_size, 16));
    if (sample.padded_size != sample.resized_size) ++padded;
  }
  EXPECT_GT(padded, 0);
  EXPECT_EQ(reader.facts().batching, "reference");
  if (world().rank() != 0) return;
  SelfCommunicator alone;
  options_.batch_size = 3;  // other batch mates: another dump, not to be gone on with
  try {
    dump("dump", alone);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("batch_size is 4 there and 3 here"), std::string::npos)
        << error.what();
  }
}

TEST_F(DumperTest, AFolderLeftBetweenTwoStepsOfClosingIsMended) {
  EXPECT_EQ(dump("dump", world()), ExitCode::kDone);
  for (const char* name : {"/index.h5", "/dump.json"}) {
    world().barrier({.section = "damage"});
    if (world().rank() == 0) std::filesystem::remove(root_ + "/dump" + name);
    world().barrier({.section = "damaged"});
    EXPECT_EQ(dump("dump", world()), ExitCode::kDone);
    expect_equal_to_one_rank("dump");
    if (world().rank() == 0) std::filesystem::remove_all(root_ + "/dump-alone");
  }
}

TEST_F(DumperTest, AStopBeforeTheFirstBatchLeavesNoPiece) {
  EXPECT_EQ(dump("dump", world(), [] { return true; }), ExitCode::kStopped);
  if (world().rank() == 0) {
    EXPECT_EQ(dump_status(root_ + "/dump").samples_done, 0);
    EXPECT_FALSE(std::filesystem::exists(root_ + "/dump/dump.json"));
  }
  world().barrier({.section = "stopped"});
  EXPECT_EQ(dump("dump", world()), ExitCode::kDone);
  expect_equal_to_one_rank("dump");
}

TEST_F(DumperTest, AStopFinishesThePieceThatIsNearlyDone) {
  bool started = false;  // the stop comes after the first batch: its piece is a matter of a moment
  const auto stop = [&started] { return std::exchange(started, true); };
  const ExitCode code = dump("dump", world(), stop);
  world().barrier({.section = "stopped"});
  const DumpStatus status = dump_status(root_ + "/dump");
  const std::int64_t planned = std::ssize(status.pieces);
  ASSERT_GT(planned, 2);
  EXPECT_EQ(code, planned > world().world_size() ? ExitCode::kStopped : ExitCode::kDone);
  std::int64_t done = 0;
  for (const DumpStatus::Piece& piece : status.pieces)
    if (piece.trouble.empty()) ++done;
  EXPECT_EQ(done, std::min<std::int64_t>(world().world_size(), planned));
}

TEST_F(DumperTest, OneSampleAndFewerSamplesThanRanks) {
  options_.choice.limit = 1;
  options_.heads = "mean";
  options_.queries = "top:2";
  options_.dtype = "f32";
  options_.logits = "all";
  EXPECT_EQ(dump("dump", world()), ExitCode::kDone);
  expect_equal_to_one_rank("dump");
  const MapReader reader = MapReader::open(root_ + "/dump");
  ASSERT_EQ(reader.size(), 1);
  EXPECT_EQ(reader.facts().heads, (std::vector<std::int32_t>{kHeadMean}));
  EXPECT_EQ(reader.sample(0).query.size(), 2U);
  EXPECT_EQ(reader.sample(0).logits_all.size(), 3U);
}

TEST_F(DumperTest, AFinishedDumpIsLeftAlone) {
  EXPECT_EQ(dump("dump", world()), ExitCode::kDone);
  const auto touched = [&] { throw std::logic_error("a batch was computed"); };
  const auto before = std::filesystem::last_write_time(root_ + "/dump/dump.json");
  EXPECT_EQ(dump("dump", world(),
                 [&] {
                   touched();
                   return false;
                 }),
            ExitCode::kDone);
  EXPECT_EQ(std::filesystem::last_write_time(root_ + "/dump/dump.json"), before);
}

TEST_F(DumperTest, AnotherPlanIsRefusedNamingTheFields) {
  if (world().rank() != 0) return;
  SelfCommunicator alone;
  EXPECT_EQ(dump("dump", alone), ExitCode::kDone);
  options_.batch_size = 9;  // taken from the plan there: no difference
  EXPECT_EQ(dump("dump", alone), ExitCode::kDone);
  options_.dtype = "f32";
  options_.layers = "last";
  compute_in_bfloat16();
  try {
    dump("dump", alone);
    FAIL();
  } catch (const UsageError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("layers is [0,1] there and [1] here"), std::string::npos) << text;
    EXPECT_NE(text.find("dtype is \"f16\" there"), std::string::npos) << text;
    EXPECT_NE(text.find("precision is \"fp32\" there and \"bf16\" here"), std::string::npos)
        << text;
    EXPECT_EQ(text.find("batch_size"), std::string::npos) << text;
  }
}

TEST_F(DumperTest, WeightsThatAreNotFiniteNameTheSample) {
  if (world().rank() != 0) return;
  SelfCommunicator alone;
  TensorMap tensors = weights();
  at::Tensor& bias = tensors.at("presence_vector.bias");
  bias = torch::full_like(bias, std::nanf(""));
  model_ = std::make_unique<Intr>(config_, std::move(tensors));
  try {
    dump("dump", alone);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("sample "), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("not finite"), std::string::npos) << error.what();
  }
}

// The stored maps are those of the model's own forward pass.
void DumperTest::expect_maps_of_the_forward_pass() {
  SelfCommunicator alone;
  options_.dtype = "f32";
  options_.choice.limit = 2;
  options_.batch_size = 1;
  ASSERT_EQ(dump("dump", alone), ExitCode::kDone);
  const MapReader reader = MapReader::open(root_ + "/dump");
  EXPECT_EQ(reader.facts().precision, precision_);
  const DumpPlan plan = plan_dump(index_, dump_model(config_, std::string(32, 'e'), precision_),
                                  options_, transform_);
  EvaluationLoader loader(index_, reader_, transform_, plan.batches, {});
  const torch::NoGradGuard no_grad;
  while (const std::optional<MicroBatch> batch = loader.next()) {
    at::Tensor pixels = torch::empty({1, batch->padded.height, batch->padded.width, 3});
    normalize_into(*batch, {pixels.data_ptr<float>(), static_cast<std::size_t>(pixels.numel())});
    ForwardOptions forward;
    forward.capture_layers = {0, 1};
    const IntrOutput output = model_->forward(pixels.permute({0, 3, 1, 2}), batch->sizes, forward);
    const std::int64_t row = index_.find(batch->sample_ids[0]);
    const DumpSample& sample = reader.sample(row);
    const std::vector<float> maps = reader.maps(row);
    std::size_t at = 0;
    for (std::size_t layer = 0; layer < 2; ++layer) {
      const at::Tensor dense = torch::softmax(
          torch::matmul(output.captured[layer].query.to(torch::kDouble),
                        output.captured[layer].key.to(torch::kDouble).transpose(2, 3)),
          -1);  // [1, N, C, S]
      for (const std::int32_t query : sample.query)
        for (std::int64_t head = 0; head < 4; ++head)
          for (std::int64_t cell = 0; cell < sample.grid.area(); ++cell)
            ASSERT_NEAR(maps[at++], dense[0][head][query][cell].item<double>(), 1e-6);
    }
    EXPECT_EQ(sample.top_logit[0], output.logits.max().item<float>());
  }
}

TEST_F(DumperTest, MapsEqualADenseSoftmaxOfTheForwardPass) {
  if (world().rank() == 0) expect_maps_of_the_forward_pass();
}

TEST_F(DumperTest, InBfloat16TheyDoSo) {
  compute_in_bfloat16();
  if (world().rank() == 0) expect_maps_of_the_forward_pass();
}

TEST_F(DumperTest, Bfloat16GivesEqualBytesForAnyNumberOfRanks) {
  compute_in_bfloat16();
  EXPECT_EQ(dump("dump", world()), ExitCode::kDone);
  expect_equal_to_one_rank("dump");
}

}  // namespace
}  // namespace intr
