// SPDX-License-Identifier: Apache-2.0
// Weights in and out through the programs: one model in every format gives one answer, and runs
// start from files that others wrote.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "intr/weights/checkpoint_file.h"
#include "support/colored_squares.h"
#include "support/damage.h"
#include "support/programs.h"
#include "support/tiny_flags.h"
#include "support/weight_files.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::on_ranks;
using test::program;
using test::ProgramResult;
using test::quoted;

class WeightFilesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TempDir;
    test::make_colored_squares(folder_->path());
    test::make_colored_squares(*folder_ / "more", {.num_classes = 5, .train_per_class = 3});
    succeed(program("train") + " --data set --out run" + test::tiny_flags("--max-steps 2"));
    succeed(program("weights") + " convert run model.pth");
    succeed(program("weights") + " convert model.pth model.safetensors");
    succeed(program("weights") + " convert model.pth hf.safetensors --to hf");
    // As others write it: tensors alone.
    std::vector<test::StoredTensor> tensors;
    const Checkpoint made = read_checkpoint(find_checkpoint(*folder_ / "run"));
    for (const CheckpointTensor& tensor : made.tensors) {
      const float* first = made.values(tensor);
      tensors.push_back(
          test::f32_tensor(tensor.name, tensor.shape, {first, first + tensor.num_values()}));
    }
    test::write_safetensors_file(*folder_ / "bare.safetensors", tensors);
  }
  static void TearDownTestSuite() { delete folder_; }

  /// Runs a command inside the folder.
  static ProgramResult run(const std::string& command) {
    return test::run_program("cd " + quoted(folder_->path()) + " && timeout 100 " + command);
  }
  static ProgramResult succeed(const std::string& command) {
    ProgramResult result = run(command);
    EXPECT_EQ(result.exit_code, 0) << command << "\n" << result.errors;
    return result;
  }
  static void expect_failure(const std::string& command, int code,
                             std::initializer_list<const char*> parts) {
    const ProgramResult result = run(command);
    EXPECT_EQ(result.exit_code, code) << command << "\n" << result.errors;
    for (const char* part : parts)
      EXPECT_NE(result.errors.find(part), std::string::npos) << part << " in " << result.errors;
  }
  /// Options of a run whose model comes from a file.
  static std::string from_file(const std::string& more) {
    return " --augmentation flip --image-size 48 --batch-size 5 --micro-batch 2 --threads 1"
           " --device cpu " +
           more + (more.find("--max-steps") == std::string::npos ? " --max-steps 1" : "");
  }
  static nlohmann::json import_of(const std::string& name) {
    return nlohmann::json::parse(read_file(*folder_ / name + "/import.json"));
  }
  static inline test::TempDir* folder_ = nullptr;
};

TEST_F(WeightFilesTest, EveryFormatGivesTheSameAnswer) {
  const auto evaluate = [&](const std::string& model) {
    return succeed(program("eval") + " --data set --json --threads 1 --model " + model).output;
  };
  const std::string expected = evaluate("run");
  EXPECT_EQ(evaluate("model.pth"), expected);
  EXPECT_EQ(evaluate("model.safetensors"), expected);
  EXPECT_EQ(evaluate("hf.safetensors"), expected);
  auto bare = nlohmann::json::parse(evaluate("bare.safetensors --nheads 4 --image-size 48"));
  auto known = nlohmann::json::parse(expected);
  EXPECT_EQ(bare.at("step"), 0) << "tensors alone do not say it";
  bare.erase("step");
  known.erase("step");
  EXPECT_EQ(bare, known);
  EXPECT_NE(nlohmann::json::parse(evaluate("bare.safetensors --image-size 48")).at("loss"),
            known.at("loss"))
      << "8 heads by default";
}

TEST_F(WeightFilesTest, PredictionsAndDumpsAreTheSame) {
  const std::string picture = "pictures/val/a/0.png";
  const auto predict = [&](const std::string& model) {
    return succeed(program("predict") + " " + picture + " --json --logits --threads 1 --model " +
                   model)
        .output;
  };
  EXPECT_EQ(predict("model.safetensors"), predict("run"));
  for (const char* model : {"run", "model.pth"})
    succeed(program("attend") + " --data set --threads 1 --out dump-" + model + " --model " +
            model);
  for (const auto& file : fs::directory_iterator(*folder_ / "dump-run")) {
    const std::string name = file.path().filename().string();
    if (name.ends_with(".h5")) {
      EXPECT_EQ(read_file(*folder_ / "dump-model.pth/" + name), read_file(file.path().string()))
          << name;
    }
  }
}

TEST_F(WeightFilesTest, ARunStartsFromAFileWithOtherClasses) {
  for (const char* file : {"model.pth", "hf.safetensors", "run"}) {
    const std::string name = std::string("from-") + file;
    succeed(on_ranks(2) + program("train") + " --data more/set --out " + name +
            from_file(std::string("--finetune ") + file));
    const nlohmann::json report = import_of(name);
    EXPECT_EQ(report.at("counts").at("initialised"), 1) << file << ": the queries";
    EXPECT_EQ(report.at("counts").at("dropped"), 0);
    const auto config = nlohmann::json::parse(read_file(*folder_ / name + "/config.json"));
    EXPECT_EQ(config.at("model").at("hidden_dim"), 32);
    EXPECT_EQ(config.at("model").at("nheads"), 4) << "told by what our exports add";
    EXPECT_EQ(config.at("model").at("num_classes"), 5);
  }
  // Both start from the same values, whatever the format.
  EXPECT_EQ(succeed(program("weights") + " diff from-model.pth from-run").exit_code, 0);
}

TEST_F(WeightFilesTest, ARunStartsFromDetrAndGoesOnWithTheSameCommand) {
  ModelConfig config = test::small_file_config();
  test::write_safetensors_file(*folder_ / "detr.safetensors", test::detr_tensors(config));
  const std::string command =
      on_ranks(2) + program("train") + " --data set --out detr" +
      from_file("--finetune detr.safetensors --nheads 4 --epochs 2 --max-steps ");
  succeed(command + "1");
  EXPECT_EQ(import_of("detr").at("counts").at("dropped"), 3) << "DETR's heads";
  fs::remove(*folder_ / "detr.safetensors");
  const ProgramResult again = succeed(command + "2");
  EXPECT_NE(again.errors.find("--finetune is not read"), std::string::npos) << again.errors;
  EXPECT_EQ(read_checkpoint(find_checkpoint(*folder_ / "detr")).config.at("model").at("enc_layers"),
            2);
}

TEST_F(WeightFilesTest, ABackboneOfTorchvision) {
  ModelConfig whole = test::small_file_config();
  whole.backbone_stages = 4;  // the run's ends after the third
  test::write_safetensors_file(*folder_ / "resnet.safetensors", test::torchvision_tensors(whole));
  succeed(program("train") + " --data set --out resnet" +
          test::tiny_flags("--max-steps 1 --backbone-weights resnet.safetensors"));
  const nlohmann::json report = import_of("resnet");
  EXPECT_EQ(report.at("family"), "torchvision-resnet");
  expect_failure(program("train") + " --data set --out other" +
                     test::tiny_flags("--backbone resnet34 --backbone-weights resnet.safetensors"),
                 2, {"--backbone resnet34", "resnet18"});
}

TEST_F(WeightFilesTest, ARefusalEndsAllRanks) {
  const std::string train = on_ranks(2) + program("train") + " --data set --out refused";
  fs::copy_file(*folder_ / "model.pth", *folder_ / "cut.pth", fs::copy_options::overwrite_existing);
  test::cut(*folder_ / "cut.pth", 100'000);
  expect_failure(train + from_file("--finetune cut.pth"), 65, {"cut.pth", "byte", "rank 0"});
  fs::copy_file(*folder_ / "model.pth", *folder_ / "damaged.pth",
                fs::copy_options::overwrite_existing);
  test::flip_byte(*folder_ / "damaged.pth", fs::file_size(*folder_ / "damaged.pth") / 2);
  expect_failure(train + from_file("--finetune damaged.pth"), 65, {"CRC mismatch"});
  expect_failure(train + from_file("--finetune model.pth --hidden-dim 64"), 2,
                 {"--hidden-dim 64", "32"});
  expect_failure(train + from_file("--finetune model.pth --nheads 8"), 2, {"--nheads 8", "4"});
  expect_failure(train + from_file("--finetune model.pth --init plain"), 2, {"--init"});
}

TEST_F(WeightFilesTest, AContradictionShowsBothValues) {
  for (const char* words :
       {"eval --data set", "attend --data set --out nothing", "predict pictures/val/a/0.png"}) {
    const std::string text = words;
    const std::string name = text.substr(0, text.find(' '));
    expect_failure(program(name) + text.substr(name.size()) + " --model model.pth --image-size 64",
                   2, {"--image-size 64", "48"});
  }
  expect_failure(program("eval") + " --data more/set --model model.pth", 65,
                 {"has 5 classes", "has 3"});
  test::write_safetensors_file(*folder_ / "no-head.safetensors",
                               test::detr_tensors(test::small_file_config()));
  expect_failure(program("eval") + " --data set --model no-head.safetensors", 65,
                 {"holds no INTR", "--finetune"});
}

}  // namespace
}  // namespace intr
