// SPDX-License-Identifier: Apache-2.0
// intr-weights as a user meets it.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "intr/core/sha256.h"
#include "intr/io/atomic_file.h"
#include "support/damage.h"
#include "support/model_checkpoint.h"
#include "support/programs.h"
#include "support/weight_files.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using test::quoted;

class WeightsProgramTest : public testing::Test {
 protected:
  WeightsProgramTest() {
    checkpoint_ = test::model_checkpoint(config_);
    checkpoint_.epoch = 3;
    checkpoint_.sampler = {{"epoch", 3}, {"next_position", 0}};
    checkpoint_.config["train"] = {
        {"lr", 5e-5},         {"lr-backbone", 1e-5},  {"min-lr", 1e-6},
        {"lr-drop", 80},      {"epochs", 140},        {"warmup-steps", 0},
        {"no-decay", "none"}, {"weight-decay", 1e-6}, {"lr-scheduler", "step"}};
    write_checkpoint(path("run.h5"), checkpoint_);
  }
  std::string path(const std::string& name) const { return folder_ / name; }
  /// Runs the program inside the folder, so that names are short.
  ProgramResult weights(const std::string& words) const {
    return test::run_program("cd " + quoted(folder_.path()) + " && " + test::program("weights") +
                             " " + words);
  }
  void expect_failure(const std::string& words, int code,
                      std::initializer_list<const char*> parts) const {
    const ProgramResult result = weights(words);
    EXPECT_EQ(result.exit_code, code) << words << "\n" << result.output << result.errors;
    for (const char* part : parts)
      EXPECT_NE(result.errors.find(part), std::string::npos) << part << " in " << result.errors;
  }
  std::string good(const std::string& words) const {
    const ProgramResult result = weights(words);
    EXPECT_EQ(result.exit_code, 0) << words << "\n" << result.errors;
    return result.output;
  }
  nlohmann::json json_of(const std::string& words) const {
    return nlohmann::json::parse(good(words + " --json"));
  }

  test::TempDir folder_;
  const ModelConfig config_ = test::small_file_config();
  Checkpoint checkpoint_;
};

TEST_F(WeightsProgramTest, HelpTeaches) {
  EXPECT_NE(good("--help").find("intr-weights convert run model.pth"), std::string::npos);
  EXPECT_NE(good("--version").find("HDF5"), std::string::npos);
  for (const char* command : {"inspect", "verify", "diff", "convert"})
    EXPECT_NE(good(std::string(command) + " --help").find("--max-bytes"), std::string::npos);
}

TEST_F(WeightsProgramTest, WrongUse) {
  expect_failure("", 2, {"no command given"});
  expect_failure("inspekt run.h5", 2, {"did you mean inspect?"});
  expect_failure("inspect", 2, {"FILE expected"});
  expect_failure("inspect run.h5 --tre", 2, {"did you mean --tree"});
  expect_failure("diff run.h5", 2, {"A B expected"});
  expect_failure("convert run.h5 out.bin", 2, {"does not say the format"});
  expect_failure("convert run.h5 out.pth --to hf", 2, {"contradicts the name"});
  expect_failure("convert run.h5 out.pth --dtype f8", 2, {"keep, f32, f16, bf16"});
  expect_failure("convert run.h5 out.safetensors --with-optimizer", 2, {"only a .pth file"});
  expect_failure("verify run.h5 --sha256 12", 2, {"8 hexadecimal digits"});
  expect_failure("verify run.h5 --num-queries 5", 2, {"--as intr"});
  expect_failure("inspect run.h5 --max-bytes 0", 2, {"--max-bytes"});
}

TEST_F(WeightsProgramTest, InspectShowsWhatAFileIs) {
  const std::string text = good("inspect run.h5");
  for (const char* part :
       {"run.h5  intr checkpoint", "family intr", "resnet18", "D 32, 2 + 2 layers, F 64",
        "7 queries", "4 heads", "7 classes: class 0, class 1", "model/query_embed.weight",
        "[7, 32]", "were not read"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  const nlohmann::json json = json_of("inspect run.h5 --stats");
  EXPECT_EQ(json.at("family"), "intr");
  EXPECT_EQ(json.at("architecture").at("hidden_dim"), 32);
  EXPECT_EQ(json.at("classes").size(), 7U);
  EXPECT_EQ(json.at("sha256"), sha256_file(path("run.h5")));
  EXPECT_EQ(json.at("tensors").at(0).at("statistics").at("nan"), 0);
  EXPECT_NE(good("inspect run.h5 --tree").find("encoder"), std::string::npos);
  EXPECT_EQ(good("inspect run.h5 --quiet"), "");
}

TEST_F(WeightsProgramTest, InspectCountsParametersAsTheirPapersDo) {
  test::write_safetensors_file(path("detr.safetensors"), test::detr_tensors(config_));
  std::int64_t expected = 9;  // the three tensors of its heads
  ModelConfig detr = config_;
  detr.num_classes = 100;
  for (const ParameterRow& row : parameter_table(detr))
    if (!row.buffer && !row.name.starts_with("presence_vector.")) expected += row.num_values();
  const nlohmann::json json = json_of("inspect detr.safetensors");
  EXPECT_EQ(json.at("parameters"), expected);
  EXPECT_EQ(json.at("dropped").size(), 3U);
  good("convert detr.safetensors detr.pth --keys raw");
  EXPECT_EQ(json_of("inspect detr.pth").at("parameters"), expected);
}

TEST_F(WeightsProgramTest, InspectOpensARunDirectory) {
  fs::create_directories(path("run/checkpoints"));
  fs::rename(path("run.h5"), path("run/checkpoints/ckpt-0000000012.h5"));
  EXPECT_NE(good("inspect run").find("ckpt-0000000012.h5"), std::string::npos);
}

TEST_F(WeightsProgramTest, NamesOfAnyBytesArePrintable) {
  test::write_safetensors_file(path("odd.safetensors"), {test::zero_tensor("a\nb\x1b[31m", {2})});
  const std::string text = good("inspect odd.safetensors");
  EXPECT_NE(text.find("a%0Ab%1B[31m"), std::string::npos) << text;
  const std::string name = "new\nline\xff.safetensors";
  fs::rename(path("odd.safetensors"), path(name));
  EXPECT_NE(good("inspect " + quoted(name)).find("new%0Aline%FF.safetensors"), std::string::npos);
}

TEST_F(WeightsProgramTest, StrangersEndWith65) {
  write_file(path("pointer.pth"), "version https://git-lfs.github.com/spec/v1\n");
  expect_failure("inspect pointer.pth", 65, {"pointer.pth", "git lfs pull"});
  expect_failure("verify missing.pth", 65, {"missing.pth", "no such weight file or run directory"});
  test::cut(path("run.h5"), 5000);
  expect_failure("inspect run.h5", 65, {"run.h5"});
}

TEST_F(WeightsProgramTest, VerifySaysGoodWithTheHash) {
  good("convert run.h5 model.pth");
  const std::string digest = sha256_file(path("model.pth")).substr(0, 8);
  EXPECT_NE(good("verify model.pth --check-finite").find("sha256 " + digest), std::string::npos);
  EXPECT_NE(good("verify model.pth --sha256 " + digest).find("as wished"), std::string::npos);
  fs::rename(path("model.pth"), path("intr-" + digest + ".pth"));
  EXPECT_NE(good("verify intr-" + digest + ".pth").find("matches name"), std::string::npos);
  fs::rename(path("intr-" + digest + ".pth"), path("intr-01234567.pth"));
  expect_failure("verify intr-01234567.pth", 65, {digest.c_str(), "its name says 01234567"});
  expect_failure("verify intr-01234567.pth --sha256 00000000", 65, {"--sha256 says 00000000"});
}

TEST_F(WeightsProgramTest, VerifyFindsDamageAndWhatIsNotFinite) {
  good("convert run.h5 model.pth");
  test::flip_byte(path("model.pth"), fs::file_size(path("model.pth")) / 2);
  expect_failure("verify model.pth", 65, {"CRC mismatch", "data/"});
  checkpoint_.param[5] = NAN;
  write_checkpoint(path("nan.h5"), checkpoint_);
  good("verify nan.h5");
  expect_failure("verify nan.h5 --check-finite", 65, {"1 NaN"});
}

TEST_F(WeightsProgramTest, VerifyPlansAnImport) {
  test::write_safetensors_file(path("detr.safetensors"), test::detr_tensors(config_));
  const nlohmann::json json = json_of("verify detr.safetensors --as intr --num-queries 5");
  EXPECT_EQ(json.at("import").at("counts").at("initialised"), 3);
  expect_failure("verify run.h5 --as intr --nheads 8", 2, {"--nheads 8", "4"});
  test::write_safetensors_file(path("few.safetensors"),
                               {test::zero_tensor("presence_vector.weight", {1, 32})});
  expect_failure("verify few.safetensors --as intr", 65, {"few.safetensors"});
}

TEST_F(WeightsProgramTest, TheSameWeightsInThreeFormatsAreEqual) {
  good("convert run.h5 model.pth");
  good("convert model.pth model.safetensors");
  good("convert model.safetensors hf.safetensors --to hf");
  good("convert hf.safetensors back.pth");
  const auto rows = parameter_table(config_).size();
  EXPECT_EQ(json_of("diff model.pth model.safetensors").at("equal"), rows);
  EXPECT_EQ(json_of("diff model.pth hf.safetensors").at("same"), true);
  EXPECT_EQ(read_file(path("back.pth")), read_file(path("model.pth")))
      << "order, values and what ours add survive every format";
  good("convert run.h5 again.pth");
  EXPECT_EQ(read_file(path("again.pth")), read_file(path("model.pth")));
}

TEST_F(WeightsProgramTest, DiffNamesWhatDiffers) {
  Checkpoint other = checkpoint_;
  const CheckpointTensor* queries = other.find("query_embed.weight");
  other.param[queries->offset + 33] += 0.5F;
  other.param[0] = NAN;
  write_checkpoint(path("other.h5"), other);
  const ProgramResult result = weights("diff run.h5 other.h5 --json");
  EXPECT_EQ(result.exit_code, 1) << result.errors;
  const auto json = nlohmann::json::parse(result.output);
  ASSERT_EQ(json.at("tensors").size(), 2U);
  EXPECT_EQ(json.at("tensors").at(1).at("name"), "query_embed.weight");
  EXPECT_EQ(json.at("tensors").at(1).at("first"), (nlohmann::json{1, 1}));
  EXPECT_NE(weights("diff run.h5 other.h5").output.find("first at [1, 1]"), std::string::npos);
  good("convert other.h5 other.pth");
  EXPECT_EQ(weights("diff other.h5 other.pth").exit_code, 0) << "NaN equals NaN";
}

TEST_F(WeightsProgramTest, ConvertChangesTypesAndLeavesOut) {
  good("convert run.h5 half.safetensors --dtype f16 --drop 'backbone.*'");
  const nlohmann::json json = json_of("inspect half.safetensors");
  for (const auto& tensor : json.at("tensors")) {
    EXPECT_EQ(tensor.at("type"), "F16");
    EXPECT_EQ(tensor.at("name").get<std::string>().rfind("backbone.", 0), std::string::npos);
  }
  expect_failure("convert run.h5 out.pth --drop nothing.*", 2, {"nothing.*"});
  good("convert run.h5 bf16.pth --dtype bf16");
  EXPECT_EQ(weights("diff run.h5 bf16.pth").exit_code, 1) << "types are a difference";
  EXPECT_EQ(weights("diff run.h5 bf16.pth --rtol 0.01").exit_code, 0)
      << "but not within a tolerance";
}

TEST_F(WeightsProgramTest, TheOptimizerComesAlong) {
  const ProgramResult converted = weights("convert run.h5 model.pth --with-optimizer");
  EXPECT_EQ(converted.exit_code, 0) << converted.errors;
  EXPECT_EQ(converted.errors.find("left out: epoch"), std::string::npos) << converted.errors;
  EXPECT_EQ(converted.errors.find("left out: schedule"), std::string::npos) << converted.errors;
  const nlohmann::json json = json_of("inspect model.pth");
  EXPECT_EQ(json.at("values").at("epoch"), 2) << "the last one that is done, from 0";
  EXPECT_EQ(json.at("values").at("optimizer/param_groups/0/lr"), 5e-5);
  EXPECT_EQ(json.at("values").at("lr_scheduler/step_size"), 80);
}

TEST_F(WeightsProgramTest, GroupsThatThePublishedScriptWillRefuseAreSaid) {
  EXPECT_EQ(weights("convert run.h5 stem.pth --with-optimizer").errors.find("will refuse"),
            std::string::npos);
  Checkpoint other = checkpoint_;
  other.config["train"]["freeze"] = "none";
  write_checkpoint(path("other.h5"), other);
  const ProgramResult converted = weights("convert other.h5 model.pth --with-optimizer");
  EXPECT_EQ(converted.exit_code, 0) << converted.errors;
  EXPECT_NE(converted.errors.find("this run froze nothing"), std::string::npos) << converted.errors;
}

TEST_F(WeightsProgramTest, NothingIsOverwrittenUnasked) {
  write_file(path("model.pth"), "precious");
  expect_failure("convert run.h5 model.pth", 2, {"model.pth", "--force"});
  EXPECT_EQ(read_file(path("model.pth")), "precious");
  good("convert run.h5 model.pth --force");
  good("verify model.pth");
  expect_failure("convert model.pth model.pth --force", 2, {"is the file that is converted"});
}

TEST_F(WeightsProgramTest, AFailureLeavesTheOldFileAndNothingElse) {
  write_file(path("model.pth"), "precious");
  // No file may grow beyond 1 MiB: like a disk that fills up.
  const ProgramResult full =
      test::run_program("cd " + quoted(folder_.path()) + " && ulimit -f 1024 && trap '' XFSZ && " +
                        test::program("weights") + " convert run.h5 model.pth --force");
  EXPECT_EQ(full.exit_code, 78) << full.errors;
  EXPECT_EQ(read_file(path("model.pth")), "precious");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 2)
      << "the checkpoint and the old file";
  expect_failure("convert run.h5 nowhere/model.pth", 65, {"nowhere"});
}

}  // namespace
}  // namespace intr
