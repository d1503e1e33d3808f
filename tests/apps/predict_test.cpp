// SPDX-License-Identifier: Apache-2.0
// intr-predict as its users run it, against the programs that work on packed sets.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "intr/attention/map_reader.h"
#include "intr/io/atomic_file.h"
#include "intr/io/hdf5.h"
#include "support/colored_squares.h"
#include "support/model_file.h"
#include "support/processor.h"
#include "support/programs.h"
#include "support/safetensors_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using test::program;
using test::ProgramResult;
using test::quoted;
using test::run_program;

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<Json> objects_of(const std::string& text) {
  std::vector<Json> objects;
  for (const std::string& line : lines_of(text)) objects.push_back(Json::parse(line));
  return objects;
}

/// The weights of write_model_file() and nothing that says what they are.
void write_safetensors(const std::string& path, const ModelConfig& config) {
  std::vector<test::StoredTensor> tensors;
  for (const auto& [name, tensor] : initialize_from_scratch(config, 7)) {
    const at::Tensor values = tensor.contiguous();
    const auto* first = values.const_data_ptr<float>();
    tensors.push_back(
        test::f32_tensor(name, values.sizes().vec(), {first, first + values.numel()}));
  }
  test::write_safetensors_file(path, tensors);
}

/// Pictures, the same pictures packed, and a model; all tests read them.
class PredictTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    inputs_ = new test::TempDir;
    test::make_colored_squares(inputs_->path());
    test::write_model_file(*inputs_ / "model.h5", test::tiny_model(3), {"a", "b", "c"});
  }
  static void TearDownTestSuite() { delete inputs_; }

  static std::string input(const std::string& name) { return *inputs_ / name; }
  static std::string picture(const std::string& name) { return input("pictures/val/" + name); }
  static ProgramResult predict(const std::string& words) {
    return run_program(program("predict") + " --device cpu --threads 1 --batch-size 2 --model " +
                       quoted(input("model.h5")) + " " + words);
  }
  static ProgramResult with_set(const std::string& name, const std::string& words) {
    return run_program(program(name) + " --device cpu --threads 1 --batch-size 2 --quiet --model " +
                       quoted(input("model.h5")) + " --data " + quoted(input("set")) + " " + words);
  }
  std::string at(const std::string& name) const { return quoted(dir_ / name); }

  static inline test::TempDir* inputs_ = nullptr;
  test::TempDir dir_;
};

TEST_F(PredictTest, EqualsDumpAndEvaluationOfThePackedPictures) {
  const ProgramResult result = predict("--json --logits --quiet " + quoted(input("pictures/val")));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.errors, "");
  const std::vector<Json> pictures = objects_of(result.output);
  ASSERT_EQ(pictures.size(), 9U);
  ASSERT_EQ(with_set("attend", "--logits all --out " + at("dump")).exit_code, 0);
  const auto logits = hdf5::File::open(dir_ / "dump/index.h5").read<float>("/logits_all");
  ASSERT_EQ(logits.size(), 27U);
  ASSERT_EQ(with_set("eval", "--csv " + at("eval.csv")).exit_code, 0);
  const std::vector<std::string> scores = lines_of(read_file(dir_ / "eval.csv"));
  for (std::size_t i = 0; i < 9; ++i) {
    const auto ours = pictures[i].at("logits").get<std::vector<float>>();
    EXPECT_EQ(ours, std::vector<float>(logits.begin() + 3 * static_cast<std::ptrdiff_t>(i),
                                       logits.begin() + 3 * static_cast<std::ptrdiff_t>(i) + 3));
    std::vector<std::string> fields;
    std::istringstream line(scores.at(i + 1));  // behind the header
    for (std::string field; std::getline(line, field, ',');) fields.push_back(field);
    EXPECT_EQ(pictures[i].at("path"), picture(fields.at(1)));
    const Json& best = pictures[i].at("predictions")[0];
    EXPECT_EQ(best.at("class"), fields.at(3));
    EXPECT_EQ(fmt::format("{:.5f}", best.at("score").get<double>()), fields.at(6));
  }
}

TEST_F(PredictTest, ADumpOfPicturesHoldsTheMapsOfTheirSet) {
  ProgramResult result =
      predict("--quiet --top 3 --dump " + at("all.h5") + " " + quoted(input("pictures/val")));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  ASSERT_EQ(with_set("attend", "--queries top:3 --out " + at("dump")).exit_code, 0);
  const MapReader ours = MapReader::open(dir_ / "all.h5"), set = MapReader::open(dir_ / "dump");
  ASSERT_EQ(ours.size(), 9);
  for (std::int64_t row = 0; row < 9; ++row) {
    EXPECT_TRUE(ours.stored(row) == set.stored(row)) << row;
    EXPECT_EQ(ours.sample(row).query, set.sample(row).query);
    EXPECT_EQ(ours.sample(row).logit, set.sample(row).logit);
    EXPECT_EQ(ours.sample(row).image_hash, set.sample(row).image_hash);
    EXPECT_EQ(ours.sample(row).path, set.sample(row).path);
  }
  EXPECT_EQ(ours.facts().model_hash, set.facts().model_hash);
  EXPECT_EQ(ours.facts().transform, set.facts().transform);
  EXPECT_EQ(run_program(program("attend") + " verify " + at("all.h5")).exit_code, 0);
  result = run_program(program("render") + " overlays " + at("all.h5") + " --images " +
                       quoted(input("pictures/val")) + " --out " + at("drawn"));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  result = predict("--quiet --dump " + at("all.h5") + " " + quoted(input("pictures/val")));
  EXPECT_EQ(result.exit_code, 2);
}

TEST_F(PredictTest, Bfloat16GivesTheLogitsOfTheDumpOrIsRefused) {
  const std::string pictures = "--json --logits --quiet " + quoted(input("pictures/val"));
  const ProgramResult result = predict("--precision bf16 " + pictures);
  if (!test::cpu_takes_bfloat16()) {
    EXPECT_EQ(result.exit_code, 78) << result.errors;
    EXPECT_NE(result.errors.find("AVX512-BF16"), std::string::npos) << result.errors;
    EXPECT_EQ(result.output, "");
    return;
  }
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  ASSERT_EQ(with_set("attend", "--precision bf16 --logits all --out " + at("dump")).exit_code, 0);
  const auto dumped = hdf5::File::open(dir_ / "dump/index.h5").read<float>("/logits_all");
  const std::vector<Json> rounded = objects_of(result.output);
  const std::vector<Json> exact = objects_of(predict(pictures).output);
  ASSERT_EQ(rounded.size(), 9U);
  ASSERT_EQ(exact.size(), 9U);
  for (std::size_t i = 0; i < 9; ++i) {
    const auto ours = rounded[i].at("logits").get<std::vector<float>>();
    const auto theirs = exact[i].at("logits").get<std::vector<float>>();
    EXPECT_EQ(ours, std::vector<float>(dumped.begin() + 3 * static_cast<std::ptrdiff_t>(i),
                                       dumped.begin() + 3 * static_cast<std::ptrdiff_t>(i) + 3));
    EXPECT_NE(ours, theirs);
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(ours[c], theirs[c], 0.05);
  }
}

TEST_F(PredictTest, FiguresAreThoseOfIntrRender) {
  const std::string look = " --layout strip --scale map --caption=off";
  const ProgramResult result =
      predict("--json --maps " + at("maps") + look + " " + quoted(input("pictures/val")));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  ASSERT_EQ(with_set("attend", "--dtype f32 --queries all --out " + at("dump")).exit_code, 0);
  const ProgramResult drawn =
      run_program(program("render") + " overlays " + at("dump") + " --data " +
                  quoted(input("set")) + " --out " + at("drawn") + " --query predicted" + look);
  ASSERT_EQ(drawn.exit_code, 0) << drawn.errors;
  const std::vector<Json> pictures = objects_of(result.output);
  ASSERT_EQ(pictures.size(), 9U);
  for (std::size_t i = 0; i < 9; ++i) {
    const std::string name =
        std::string(1, static_cast<char>('a' + i / 3)) + "/" + std::to_string(i % 3) + "__";
    const std::string ours = dir_ / ("maps/" + name + "predicted-strip.png");
    EXPECT_EQ(pictures[i].at("maps")[0], ours);
    EXPECT_EQ(read_file(ours),
              read_file(dir_ / ("drawn/" + name + std::to_string(i) + "__predicted-strip.png")))
        << name;
  }
}

TEST_F(PredictTest, ReferenceStyleAndAnotherClass) {
  const ProgramResult result =
      predict("--top 1 --class c --class 1 --style reference --layout single --head all --maps " +
              at("maps") + " " + quoted(picture("a/0.png")));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  for (const char* name : {"0__predicted-head3.png", "0__class2-head0.png", "0__class1-head1.png"})
    EXPECT_TRUE(fs::exists(dir_ / (std::string("maps/") + name))) << name;
  // The best class, and those that were asked for.
  EXPECT_GE(lines_of(result.output).size(), 1U + 2 + 12);
}

TEST_F(PredictTest, TextAndTable) {
  const ProgramResult result =
      predict("--top 2 --csv " + at("out.csv") + " " + quoted(picture("b/1.png")) + " " +
              quoted(picture("a/0.png")));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const std::vector<std::string> lines = lines_of(result.output);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0], picture("b/1.png"));
  EXPECT_EQ(lines[1].substr(0, 7), "    1  ");
  EXPECT_EQ(lines[3], picture("a/0.png"));
  const std::vector<std::string> table = lines_of(read_file(dir_ / "out.csv"));
  ASSERT_EQ(table.size(), 5U);
  EXPECT_EQ(table[0], "path,rank,class,index,score,logit");
  EXPECT_EQ(table[1].find(picture("b/1.png") + ",1,"), 0U);
}

TEST_F(PredictTest, BadFilesAreNamedAndTheOthersPredicted) {
  write_file(dir_ / "notes.png", "bought a heron");
  const std::string words = "--json " + quoted(picture("a/0.png")) + " " + at("notes.png") + " " +
                            at("gone.jpg") + " " + quoted(picture("c/2.png"));
  ProgramResult result = predict(words);
  EXPECT_EQ(result.exit_code, 65);
  EXPECT_NE(result.errors.find("notes.png: this is text"), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find("gone.jpg"), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find("2 of 4 files"), std::string::npos) << result.errors;
  const std::vector<Json> pictures = objects_of(result.output);
  ASSERT_EQ(pictures.size(), 4U);
  EXPECT_TRUE(pictures[0].contains("predictions"));
  EXPECT_TRUE(pictures[1].contains("error"));
  EXPECT_TRUE(pictures[2].contains("error"));
  EXPECT_TRUE(pictures[3].contains("predictions"));

  const ProgramResult skipped = predict("--skip-bad " + words);
  EXPECT_EQ(skipped.exit_code, 0);
  EXPECT_EQ(skipped.output, result.output);
  EXPECT_NE(skipped.errors.find("2 of 4 files"), std::string::npos) << skipped.errors;
  EXPECT_EQ(predict("--skip-bad " + at("notes.png")).exit_code, 65);  // nothing is left
}

TEST_F(PredictTest, ListsOfFilesAndOtherNames) {
  write_file(dir_ / "list", picture("c/0.png") + "\n" + input("pictures/val/a") + "\n");
  write_file(dir_ / "names", "crow\nfinch\nheron\n");
  const std::string at_list = "@" + at("list");  // the shell joins them
  const ProgramResult result = predict("--json --classes " + at("names") + " " + at_list);
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const std::vector<Json> pictures = objects_of(result.output);
  ASSERT_EQ(pictures.size(), 4U);
  EXPECT_EQ(pictures[0].at("path"), picture("c/0.png"));
  const std::vector<std::string> names = {"crow", "finch", "heron"};
  for (const Json& one : pictures[0].at("predictions"))
    EXPECT_EQ(one.at("class"), names.at(one.at("index").get<std::size_t>()));
}

TEST_F(PredictTest, AWeightFileWithoutNames) {
  write_safetensors(dir_ / "model.safetensors", test::tiny_model(3));
  const std::string words = " --device cpu --threads 1 --json --logits " +
                            quoted(picture("a/0.png")) + " --image-size 48 --model ";
  const std::string file = at("model.safetensors");
  const ProgramResult result = run_program(program("predict") + words + file + " --nheads 4");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.errors.find("--classes FILE"), std::string::npos) << result.errors;
  const Json ours = Json::parse(result.output);
  const Json expected =
      Json::parse(predict("--json --logits " + quoted(picture("a/0.png"))).output);
  EXPECT_EQ(ours.at("logits"), expected.at("logits"));
  EXPECT_EQ(ours.at("predictions")[0].at("class").get<std::string>().find("class "), 0U);
  write_file(dir_ / "names", "crow\nfinch\nheron\n");
  const ProgramResult named =
      run_program(program("predict") + words + file + " --nheads 4 --classes " + at("names"));
  EXPECT_EQ(named.output.find("\"class \""), std::string::npos);
  EXPECT_NE(named.output.find("\"heron\""), std::string::npos);
}

TEST_F(PredictTest, WrongUseEndsWithASentence) {
  const auto refused = [](const std::string& words, int code, const std::string& text) {
    const ProgramResult result = predict(words);
    EXPECT_EQ(result.exit_code, code) << words << ": " << result.errors;
    EXPECT_NE(result.errors.find(text), std::string::npos) << result.errors;
    EXPECT_EQ(result.output, "");
  };
  const std::string one = quoted(picture("a/0.png"));
  write_file(dir_ / "names", "heron\nfinch\ncrow\n");
  write_file(dir_ / "short", "heron\nfinch\n");
  refused("", 2, "IMAGE");
  refused("--clas a " + one, 2, "did you mean --class");
  refused("--classes " + at("names") + " --class herno " + one, 2, "did you mean 'heron'");
  refused("--classes " + at("short") + " " + one, 65, "names 2 classes");
  refused("--style reference " + one, 2, "--maps");
  refused("--precision fp16 " + one, 2, "bf16");
  refused(quoted(dir_.path()), 65, "no picture lies in this folder");
  const ProgramResult no_model =
      run_program(program("predict") + " --model " + at("none.h5") + " " + one);
  EXPECT_EQ(no_model.exit_code, 65) << no_model.errors;
  const ProgramResult help = run_program(program("predict") + " --help");
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.output.find("For example"), std::string::npos);
}

}  // namespace
}  // namespace intr
