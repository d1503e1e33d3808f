// SPDX-License-Identifier: Apache-2.0
// Files of every format, as torch and safetensors wrote them: each tensor and each value equals
// what Python found in them (corpus/expected.json). INTR_WEIGHT_CORPUS=FOLDER adds another such
// folder.
#include "intr/weights/weight_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "intr/core/sha256.h"
#include "intr/io/atomic_file.h"
#include "support/damage.h"
#include "support/temp_dir.h"
#include "weights/torch_bytes.h"
#include "weights/weight_corpus.h"

namespace intr {
namespace {

using test::PickleBytes;

const std::map<std::string, DType> kTypes = {{"float64", DType::f64}, {"float32", DType::f32},
                                             {"float16", DType::f16}, {"bfloat16", DType::bf16},
                                             {"int64", DType::i64},   {"int32", DType::i32},
                                             {"int16", DType::i16},   {"int8", DType::i8},
                                             {"uint8", DType::u8},    {"bool", DType::boolean}};

const std::map<std::string, WeightFormat> kFormats = {{"legacy", WeightFormat::legacy},
                                                      {"zip", WeightFormat::zip},
                                                      {"safetensors", WeightFormat::safetensors}};

nlohmann::json as_json(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      return nullptr;
    case Value::Kind::boolean:
      return value.as_boolean();
    case Value::Kind::integer:
      return value.as_integer();
    case Value::Kind::real:
      return value.as_real();
    default:
      return std::string(value.as_text());
  }
}

void expect_tensors(const WeightFile& file, const nlohmann::json& expected) {
  EXPECT_EQ(file.entries().size(), expected.size());
  std::vector<std::byte> bytes;
  for (const auto& [name, facts] : expected.items()) {
    SCOPED_TRACE(name);
    const TensorEntry* entry = file.find(name);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->type, kTypes.at(facts.at("dtype")));
    EXPECT_EQ(entry->shape, facts.at("shape").get<std::vector<std::int64_t>>());
    bytes.assign(entry->bytes, std::byte{0xee});
    file.read(*entry, bytes);
    EXPECT_EQ(Sha256().add(bytes).hex(), facts.at("sha256"));
  }
}

void expect_values(const WeightFile& file, const nlohmann::json& expected) {
  std::size_t met = 0;
  file.for_each_value([&](const std::string& path, const Value& value) {
    ++met;
    ASSERT_TRUE(expected.contains(path)) << path;
    const nlohmann::json is = as_json(value);
    EXPECT_EQ(is, expected.at(path)) << path;
    EXPECT_EQ(is.is_number_float(), expected.at(path).is_number_float()) << path;
  });
  EXPECT_EQ(met, expected.size());
}

TEST(WeightFile, ReadsEveryTensorAndValueOfTheGoodFiles) {
  for (const test::WeightCorpus& corpus : test::weight_corpora()) {
    const nlohmann::json& good = corpus.expected.at("good");
    EXPECT_GE(test::files_in(corpus.folder + "/good"), good.size());
    for (const auto& [name, facts] : good.items()) {
      SCOPED_TRACE(corpus.good(name));
      const WeightFile file(corpus.good(name));
      EXPECT_EQ(file.format(), kFormats.at(facts.at("format")));
      expect_tensors(file, facts.at("tensors"));
      expect_values(file, facts.at("values"));
      EXPECT_NO_THROW(file.verify());
    }
  }
}

TEST(WeightFile, KeepsViewsAndAliasesOfTheFile) {
  for (const char* name : {"kinds_legacy.pth", "kinds_zip.pth", "kinds_protocol4.pth"}) {
    SCOPED_TRACE(name);
    const WeightFile file(std::string(INTR_CORPUS) + "/good/" + name);
    const TensorEntry& base = file.entry("views/base");
    EXPECT_EQ(base.stride, (std::vector<std::int64_t>{4, 1}));
    EXPECT_TRUE(base.is_row_major());
    const TensorEntry& column = file.entry("views/column");
    EXPECT_EQ(column.storage, base.storage);
    EXPECT_EQ(column.offset, 1);
    EXPECT_EQ(column.stride, (std::vector<std::int64_t>{4}));
    EXPECT_FALSE(column.is_row_major());
    EXPECT_EQ(file.entry("views/expanded").stride, (std::vector<std::int64_t>{0, 0}));
    EXPECT_EQ(file.entry("tied/0").storage, file.entry("tied/2").storage);
    EXPECT_NE(file.entry("tied/0").storage, base.storage);

    const std::vector<float> all = file.values<float>("views/base");
    const std::vector<float> transposed = file.values<float>("views/transposed");
    for (std::size_t row = 0; row < 6; ++row)
      for (std::size_t at = 0; at < 4; ++at) EXPECT_EQ(transposed[at * 6 + row], all[row * 4 + at]);
    EXPECT_EQ(file.values<float>("views/last_element"), (std::vector<float>{all[23]}));
  }
}

TEST(WeightFile, ConvertsFloatingPointAloneToF32) {
  const WeightFile file(std::string(INTR_CORPUS) + "/good/kinds_zip.pth");
  const std::vector<float> expected = file.values<float>("dtypes/float32");
  for (const std::string name : {"dtypes/float64", "dtypes/float32"}) {
    std::vector<float> values(6);
    file.read_f32(file.entry(name), values);
    EXPECT_EQ(values, expected) << name;
  }
  for (const std::string name : {"dtypes/float16", "dtypes/bfloat16"}) {
    std::vector<float> values(6);
    file.read_f32(file.entry(name), values);
    for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(values[i], expected[i], 0.5) << name;
  }
  std::vector<float> values(6);
  EXPECT_THROW(file.read_f32(file.entry("dtypes/int64"), values), DataError);
  EXPECT_THROW((void)file.values<double>("dtypes/float32"), DataError);
  EXPECT_THROW((void)file.entry("dtypes/float31"), DataError);
}

TEST(WeightFile, ReportsWhatItMet) {
  const WeightFile file(std::string(INTR_CORPUS) + "/good/kinds_zip.pth");
  EXPECT_THAT(file.report().constructors, testing::Contains("torch._utils._rebuild_tensor_v2"));
  EXPECT_THAT(file.report().constructors, testing::Contains("torch.BFloat16Storage"));
  EXPECT_GT(file.report().opcodes, 300);
  EXPECT_TRUE(file.report().ignored.empty()) << "what newer torch adds is known";
  ASSERT_TRUE(file.top());
  EXPECT_EQ(file.top()->kind(), Value::Kind::dict);
  EXPECT_EQ(file.file_bytes(), std::filesystem::file_size(file.path()));

  const WeightFile safetensors(std::string(INTR_CORPUS) + "/good/kinds.safetensors");
  EXPECT_EQ(safetensors.metadata().at("format"), "pt");
  EXPECT_FALSE(safetensors.top());
}

/// Opens fine and is told of at the first read of the damaged tensor, or by verify().
TEST(WeightFile, ReadsNoTensorBytesWhenOpening) {
  const test::TempDir folder;
  const std::string path = folder / "a.pth";
  const std::string zip = test::torch_zip(
      PickleBytes().raw("}").text("w").tensor({}).raw("s").done(), {"0123456789abcdef"});
  write_file(path, zip);
  test::flip_byte(path, zip.find("89abcdef"));
  const WeightFile file(path);
  EXPECT_THROW((void)file.values<float>("w"), DataError);
  EXPECT_THROW(file.verify(), DataError);
}

/// The pickles would make a file if anybody ran them; in Python they do.
TEST(WeightFile, RunsNothing) {
  const test::TempDir folder;
  const std::string canary = folder / "canary";
  const std::string command = "touch " + canary;
  const auto call = [&](const char* module, const char* name, const std::string& argument) {
    return PickleBytes().global(module, name).raw("(").text(argument).raw("tR").done();
  };
  const std::vector<std::string> pickles = {
      call("posix", "system", command),
      call("os", "system", command),
      call("builtins", "eval", "open('" + canary + "', 'w')"),
      call("__builtin__", "exec", "open('" + canary + "', 'w')"),
      PickleBytes().raw("(").text(command).raw("iposix\nsystem\n").done(),
      PickleBytes().raw("(").global("posix", "system").text(command).raw("o").done(),
      PickleBytes().text("posix").text("system").raw("\x93(").text(command).raw("tR").done()};
  for (const std::string& pickle : pickles) {
    SCOPED_TRACE(pickle);
    for (const std::string& bytes : {test::torch_zip(pickle), test::torch_legacy(pickle), pickle}) {
      write_file(folder / "hostile.pth", bytes);
      EXPECT_NE(test::refusal(folder / "hostile.pth"), "");
    }
    EXPECT_FALSE(std::filesystem::exists(canary));
  }
}

}  // namespace
}  // namespace intr
