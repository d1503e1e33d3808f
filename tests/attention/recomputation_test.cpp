// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/recomputation.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "intr/attention/dump_index.h"
#include "intr/attention/dumper.h"
#include "intr/attention/map_file.h"
#include "intr/attention/map_reader.h"
#include "intr/attention/map_writer.h"
#include "intr/comm/self_communicator.h"
#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "intr/model/initialization.h"
#include "support/model_file.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

const std::string kHash(32, 'e');

/// A dump of 9 pictures with everything that can be stored.
class RecomputationTest : public testing::Test {
 protected:
  void SetUp() override {
    torch::set_num_threads(1);
    test::TinySet small;
    small.samples = {{"val", 9}};
    test::make_tiny_set(dir_ / "set", small);
    index_ = std::make_unique<DataIndex>(DataIndex::open(dir_ / "set", "val"));
    reader_ = std::make_unique<ShardReader>(*index_);
    const ModelConfig config = test::tiny_model(std::ssize(index_->classes()));
    weights_ = initialize_from_scratch(config, 7);
    model_ = std::make_unique<Intr>(config, weights_);
    DumpOptions options;
    options.batch_size = 2;
    options.piece_samples = 3;
    options.values = "norm";
    options.encoder = "rollout";
    const DumpPlan plan = settle_plan(dir_ / "dump", *index_, dump_model(config, kHash, "fp32"),
                                      options, transform_, alone_);
    Dumper dumper(dir_ / "dump", plan,
                  {.model = *model_,
                   .index = *index_,
                   .reader = *reader_,
                   .transform = transform_,
                   .communicator = alone_});
    ASSERT_EQ(dumper.run(), ExitCode::kDone);
  }
  RecomputationWork work(std::int64_t samples = 16) const {
    return {.model = *model_,
            .model_hash = kHash,
            .index = *index_,
            .reader = *reader_,
            .transform = transform_,
            .samples = samples};
  }

  test::TempDir dir_;
  SelfCommunicator alone_;
  Transform transform_{Transform::Kind::kValidation, 48};
  std::unique_ptr<DataIndex> index_;
  std::unique_ptr<ShardReader> reader_;
  TensorMap weights_;
  std::unique_ptr<Intr> model_;
};

TEST_F(RecomputationTest, EqualBitForBitOnOneMachine) {
  Recomputation result = recompute_samples(dir_ / "dump", work());
  EXPECT_EQ(result.checked, 9);
  EXPECT_EQ(result.equal, 9);
  EXPECT_TRUE(result.problems.empty());
  result = recompute_samples(dir_ / "dump", work(4));
  EXPECT_EQ(result.checked, 4);
  EXPECT_EQ(result.equal, 4);
}

// A dump whose every hash and sum is right, but whose maps are those of other weights.
TEST_F(RecomputationTest, AnotherModelIsFound) {
  for (auto& [name, tensor] : weights_)
    if (name.find("cross_attention") != std::string::npos ||
        name.find("multihead_attn") != std::string::npos)
      tensor = tensor * 1.5;
  model_ = std::make_unique<Intr>(model_->config(), weights_);
  const Recomputation result = recompute_samples(dir_ / "dump", work());
  EXPECT_EQ(result.checked, 9);
  ASSERT_FALSE(result.problems.empty());
  EXPECT_TRUE(result.problems[0].starts_with("piece-0000")) << result.problems[0];
  EXPECT_NE(result.problems[0].find("computed again"), std::string::npos) << result.problems[0];
}

TEST_F(RecomputationTest, OtherInputsAreRefused) {
  RecomputationWork other = work();
  other.model_hash = std::string(32, 'f');
  EXPECT_THROW(recompute_samples(dir_ / "dump", other), DataError);
  const Transform larger{Transform::Kind::kValidation, 64};
  const RecomputationWork resized{.model = *model_,
                                  .model_hash = kHash,
                                  .index = *index_,
                                  .reader = *reader_,
                                  .transform = larger};
  EXPECT_THROW(recompute_samples(dir_ / "dump", resized), DataError);
}

/// The dump with a change to the first sample of its second piece; sums and hashes are right.
class ChangedDumpTest : public RecomputationTest {
 protected:
  /// @return what is found, which is one problem of that sample
  std::string found_after(const std::function<void(MapRecord&)>& change) {
    const std::string path = dir_ / "dump/piece-00001.h5";
    std::vector<MapRecord> records;
    const MapTable table = MapFile::open(path).table();
    for (std::size_t row = 0; row < table.samples.size(); ++row) {
      MapRecord record{table.samples[row], {}};
      for (const MapField field : table.facts.fields())
        record.blocks[field] = MapFile::open(path).block(row, field);
      records.push_back(std::move(record));
    }
    const std::string before = read_file(path);
    change(records[0]);
    write_piece(dir_ / "dump", table.facts, 1, table.piece_count, records);
    write_dump_index(dir_ / "dump", read_dump_plan(dir_ / "dump"));
    const Recomputation result = recompute_samples(dir_ / "dump", work());
    write_file(path, before);
    EXPECT_EQ(result.checked, 9);
    EXPECT_EQ(result.equal, 8);
    const std::string named =
        fmt::format("piece-00001.h5, sample {}: ", records[0].sample.sample_id);
    if (result.problems.size() != 1 || !result.problems[0].starts_with(named)) return "";
    return result.problems[0].substr(named.size());
  }
};

TEST_F(ChangedDumpTest, AMapThatIsAnotherIsFound) {
  const std::string found = found_after([](MapRecord& record) {
    std::vector<float> maps = decode_block(record.blocks[MapField::kMap], MapType::f16);
    std::swap(*std::max_element(maps.begin(), maps.begin() + 9),
              *std::min_element(maps.begin(), maps.begin() + 9));
    record.blocks[MapField::kMap] = encode_block(maps, MapType::f16);
  });
  EXPECT_NE(found.find("of /map is"), std::string::npos) << found;
}

TEST_F(ChangedDumpTest, AValueMapThatIsAnotherIsFound) {
  const std::string found = found_after([](MapRecord& record) {
    std::vector<float> lengths = decode_block(record.blocks[MapField::kValue], MapType::f16);
    lengths[2] *= 1.01F;
    record.blocks[MapField::kValue] = encode_block(lengths, MapType::f16);
  });
  EXPECT_NE(found.find("element 2 of /value is"), std::string::npos) << found;
}

TEST_F(ChangedDumpTest, LogitsAreCompared) {
  std::string found = found_after([](MapRecord& record) { record.sample.logit[1] += 0.01F; });
  EXPECT_NE(found.find("query 1, of class"), std::string::npos) << found;
  found = found_after([](MapRecord& record) { record.sample.log_z += 0.01F; });
  EXPECT_NE(found.find("of log_z is"), std::string::npos) << found;
}

TEST_F(ChangedDumpTest, QueriesThatChangedPlacesAreNoExcuse) {
  // The classes are exchanged and their maps and logits are not.
  const std::string found = found_after(
      [](MapRecord& record) { std::swap(record.sample.query[1], record.sample.query[2]); });
  EXPECT_NE(found.find("query 1, of class"), std::string::npos) << found;
}

TEST_F(ChangedDumpTest, ThePictureMustBeTheSame) {
  const std::string found =
      found_after([](MapRecord& record) { record.sample.path = "elsewhere.png"; });
  EXPECT_NE(found.find("its label, path or sizes"), std::string::npos) << found;
}

}  // namespace
}  // namespace intr
