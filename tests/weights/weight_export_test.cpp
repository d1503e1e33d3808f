// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/weight_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "intr/core/error.h"
#include "intr/core/half.h"
#include "intr/weights/safetensors_writer.h"
#include "intr/weights/weight_diff.h"
#include "intr/weights/weight_facts.h"
#include "support/child.h"
#include "support/output_tensors.h"
#include "support/temp_dir.h"
#include "support/tiny_weights.h"
#include "weights/weight_corpus.h"

namespace intr {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

class WeightExport : public testing::Test {
 protected:
  WeightExport() { write_checkpoint(folder_ / "run.h5", test::tiny_weights()); }

  std::string convert(const std::string& in, const std::string& out, const ExportRequest& request) {
    const WeightFile file(in.starts_with('/') ? in : folder_ / in);
    plan_ = plan_export(file, request);
    write_export(plan_, folder_ / out).commit();
    return folder_ / out;
  }
  std::string in_folder(const std::string& name) const { return folder_ / name; }
  std::size_t num_files() const { return test::files_in(folder_.path()); }
  std::string refusal(const std::string& in, const ExportRequest& request) {
    try {
      convert(in, "refused", request);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }

  test::TempDir folder_;
  ExportPlan plan_;
};

ExportRequest to(ExportFormat format) {
  ExportRequest request;
  request.format = format;
  return request;
}

std::vector<std::string> names(const WeightFile& file) {
  std::vector<std::string> result;
  for (const TensorEntry& entry : file.entries()) result.push_back(entry.name);
  return result;
}

TEST_F(WeightExport, ThroughAllFormatsAndBackEveryBitStays) {
  convert("run.h5", "a.pth", to(ExportFormat::pth));
  convert("a.pth", "b.safetensors", to(ExportFormat::safetensors));
  convert("b.safetensors", "c.safetensors", to(ExportFormat::hf));
  convert("c.safetensors", "d.pth", to(ExportFormat::pth));
  const WeightFile first(in_folder("run.h5"));
  for (const char* name : {"a.pth", "b.safetensors", "c.safetensors", "d.pth"}) {
    const WeightFile file(in_folder(name));
    const WeightDifferences differences = compare_weights(first, file);
    EXPECT_FALSE(differences.any()) << name;
    EXPECT_EQ(differences.num_equal, 7) << name;
    const WeightFacts facts = facts_of(file);
    EXPECT_EQ(facts.classes->value, test::tiny_weights().classes) << name;
    EXPECT_EQ(facts.nheads->value, 2) << name;
    EXPECT_EQ(facts.step, 30) << name;
  }
  EXPECT_THAT(names(WeightFile(in_folder("c.safetensors"))),
              Contains("model.encoder.layers.0.self_attn.k_proj.weight"));
}

TEST_F(WeightExport, TheSameInputGivesTheSameBytes) {
  for (const ExportFormat format : {ExportFormat::pth, ExportFormat::safetensors, ExportFormat::hf})
    EXPECT_EQ(read_file(convert("run.h5", "first", to(format))),
              read_file(convert("run.h5", "second", to(format))))
        << name_of(format);
}

TEST_F(WeightExport, OnlyTheModelGoesAlongAndTheRestIsListed) {
  convert("run.h5", "a.pth", to(ExportFormat::pth));
  const WeightFile file(in_folder("a.pth"));
  EXPECT_EQ(file.entries().size(), 7U);
  EXPECT_EQ(file.entries()[0].name, "model/transformer.encoder.layers.0.self_attn.in_proj_weight");
  EXPECT_THAT(file.report().constructors, testing::Not(Contains(HasSubstr("Namespace"))));
  EXPECT_THAT(plan_.left_out, Contains(Field(&DroppedKey::key, "optimizer")));
  EXPECT_THAT(plan_.left_out, Contains(Field(&DroppedKey::key, "sampler")));
}

TEST_F(WeightExport, TheOrderThatIsAskedFor) {
  ExportRequest request = to(ExportFormat::pth);
  request.order = {"query_embed.weight", "no such name", "backbone.0.body.conv1.weight"};
  convert("run.h5", "a.pth", request);
  const std::vector<std::string> found = names(WeightFile(in_folder("a.pth")));
  EXPECT_EQ(found[0], "model/query_embed.weight");
  EXPECT_EQ(found[1], "model/backbone.0.body.conv1.weight");
  EXPECT_EQ(found[2], "model/transformer.encoder.layers.0.self_attn.in_proj_weight");
}

TEST_F(WeightExport, OtherTypes) {
  ExportRequest request = to(ExportFormat::safetensors);
  request.type = DType::bf16;
  convert("run.h5", "a.safetensors", request);
  EXPECT_EQ(plan_.converted, 7);
  const WeightFile file(in_folder("a.safetensors"));
  const TensorEntry& entry = file.entry("query_embed.weight");
  EXPECT_EQ(entry.type, DType::bf16);
  std::vector<float> values(6);
  file.read_f32(entry, values);
  EXPECT_THAT(values, ElementsAre(10.5F, 11, 11.5F, 12, 12.5F, 13));
  request.type = DType::f32;  // exact: these few fit
  convert("a.safetensors", "b.safetensors", request);
  EXPECT_FALSE(
      compare_weights(WeightFile(in_folder("run.h5")), WeightFile(in_folder("b.safetensors")))
          .any());
}

TEST_F(WeightExport, TypesOfEveryKindAndRounding) {
  OutputWeights weights;
  test::add_tensor<double>(weights, "f64", {3}, {1.0 / 3, 1e300, -0.0});
  test::add_tensor<std::uint16_t>(weights, "f16", {1}, {half_from_float(0.1F)}, DType::f16);
  test::add_tensor<std::int64_t>(weights, "i64", {1}, {77});
  test::write_state_dict(folder_ / "in.pth", weights);
  ExportRequest request = to(ExportFormat::pth);
  request.type = DType::f32;
  convert("in.pth", "a.pth", request);
  const WeightFile file(in_folder("a.pth"));
  EXPECT_THAT(file.values<float>("model/f64"),
              ElementsAre(1.0F / 3, std::numeric_limits<float>::infinity(), -0.0F));
  EXPECT_THAT(file.values<float>("model/f16"), ElementsAre(float_from_half(half_from_float(0.1F))));
  EXPECT_THAT(file.values<std::int64_t>("model/i64"), ElementsAre(77));
  EXPECT_EQ(plan_.converted, 2);
}

TEST_F(WeightExport, Drops) {
  ExportRequest request = to(ExportFormat::pth);
  request.drop = {"*.in_proj_*", "query_embed.weigh?"};
  convert("run.h5", "a.pth", request);
  EXPECT_EQ(WeightFile(in_folder("a.pth")).entries().size(), 4U);
  EXPECT_THAT(plan_.left_out, Contains(Field(&DroppedKey::key, "query_embed.weight")));
  request.drop = {"*.in_proj_*", "typo*"};
  EXPECT_THAT(refusal("run.h5", request), HasSubstr("no name matches \"typo*\""));
  request.drop = {"*"};
  EXPECT_THAT(refusal("run.h5", request), HasSubstr("no tensor is left"));
  EXPECT_EQ(num_files(), 2U);
}

TEST_F(WeightExport, WishesThatExcludeOneAnother) {
  ExportRequest request = to(ExportFormat::safetensors);
  request.with_optimizer = true;
  EXPECT_THAT(refusal("run.h5", request), HasSubstr("--with-optimizer"));
  request = to(ExportFormat::hf);
  request.raw_keys = true;
  EXPECT_THAT(refusal("run.h5", request), HasSubstr("--keys raw"));
  request = to(ExportFormat::pth);
  request.with_optimizer = true;
  request.drop = {"query_embed.weight"};
  EXPECT_THAT(refusal("run.h5", request), HasSubstr("--drop"));
}

TEST_F(WeightExport, NamesThatHuggingFaceDoesNotHave) {
  OutputWeights weights;
  test::add_tensor<float>(weights, "presence_vector.weight", {1, 1}, {1});
  test::add_tensor<float>(weights, "our_own.weight", {1, 1}, {1});
  test::write_state_dict(folder_ / "in.pth", weights);
  EXPECT_THAT(refusal("in.pth", to(ExportFormat::hf)), HasSubstr("\"our_own.weight\""));
}

/// The optimizer of tiny_weights().
PublishedOptimizer optimizer() {
  return {.initial_lr = {5e-5, 1e-5},
          .lr = {5e-6, 1e-6},
          .weight_decay = 1e-6,
          .steps = 29,
          .epochs = 3,
          .lr_drop = 2};
}

TEST_F(WeightExport, TheOptimizerOfOurCheckpoint) {
  ExportRequest request = to(ExportFormat::pth);
  request.with_optimizer = true;
  request.optimizer = optimizer();
  convert("run.h5", "a.pth", request);
  const WeightFile file(in_folder("a.pth")), source(in_folder("run.h5"));
  EXPECT_EQ(file.entries().size(), 7U + 5 * 3);
  for (int i = 0; i < 5; ++i) {
    const std::string state = "optimizer/state/" + std::to_string(i) + "/";
    EXPECT_THAT(file.values<float>(state + "step"), ElementsAre(29));
    EXPECT_EQ(file.entry(state + "step").shape, std::vector<std::int64_t>{});
    for (const char* moment : {"exp_avg", "exp_avg_sq"})
      EXPECT_EQ(file.values<float>(state + moment), source.values<float>(state + moment));
  }
  std::map<std::string, std::string> values;
  file.for_each_value(
      [&](const std::string& path, const Value& value) { values[path] = shown(value); });
  EXPECT_EQ(values["optimizer/param_groups/0/lr"], "5e-06");
  EXPECT_EQ(values["optimizer/param_groups/0/betas/1"], "0.999");
  EXPECT_EQ(values["optimizer/param_groups/0/params/3"], "3");
  EXPECT_FALSE(values.contains("optimizer/param_groups/0/params/4"));
  EXPECT_EQ(values["optimizer/param_groups/1/params/0"], "4") << "the backbone's";
  EXPECT_EQ(values["optimizer/param_groups/1/initial_lr"], "1e-05");
  EXPECT_EQ(values["lr_scheduler/step_size"], "2");
  EXPECT_EQ(values["lr_scheduler/last_epoch"], "3");
  EXPECT_EQ(values["epoch"], "2");
}

TEST_F(WeightExport, ACosineSchedule) {
  ExportRequest request = to(ExportFormat::pth);
  request.with_optimizer = true;
  request.optimizer = optimizer();
  request.optimizer->cosine = true;
  request.optimizer->total_epochs = 140;
  request.optimizer->min_lr = 1e-6;
  convert("run.h5", "a.pth", request);
  const WeightFile file(in_folder("a.pth"));
  const Value schedule = *file.top()->find("lr_scheduler");
  EXPECT_EQ(schedule.find("T_max")->as_integer(), 140);
  EXPECT_EQ(schedule.find("eta_min")->as_real(), 1e-6);
  EXPECT_FALSE(schedule.find("step_size"));
}

TEST_F(WeightExport, TheOptimizerOfAPthFileGoesAlongAsItIs) {
  ExportRequest request = to(ExportFormat::pth);
  request.with_optimizer = true;
  request.optimizer = optimizer();
  convert("run.h5", "a.pth", request);
  request.optimizer.reset();
  request.type = DType::f16;  // not of the optimizer
  convert("a.pth", "b.pth", request);
  const WeightFile first(in_folder("a.pth")), second(in_folder("b.pth"));
  const WeightDifferences found = compare_weights(first, second, {.raw_names = true});
  EXPECT_TRUE(found.only_a.empty());
  EXPECT_TRUE(found.only_b.empty());
  EXPECT_EQ(found.num_equal, 15);
  EXPECT_EQ(found.tensors.size(), 7U);
  EXPECT_EQ(second.top()->find("epoch")->as_integer(), 2);
  convert("a.pth", "c.pth", to(ExportFormat::pth));
  EXPECT_THAT(refusal("c.pth", request), HasSubstr("no optimizer state"));
}

TEST_F(WeightExport, AliasesStayInPthAndAreCopiedInSafetensors) {
  OutputWeights weights;
  test::add_tensor<float>(weights, "presence_vector.weight", {2, 3}, {1, 2, 3, 4, 5, 6});
  weights.tensors.push_back({.name = "tied", .shape = {3, 2}, .stride = {1, 3}});
  weights.tensors.push_back({.name = "row", .shape = {3}, .stride = {1}, .offset = 3});
  test::add_tensor<float>(weights, "alone", {2}, {7, 8});
  test::write_state_dict(folder_ / "in.pth", weights);
  for (const bool raw : {false, true}) {
    ExportRequest request = to(ExportFormat::pth);
    request.raw_keys = raw;
    request.type = DType::f64;
    convert("in.pth", "out.pth", request);
    const WeightFile file(in_folder("out.pth"));
    EXPECT_EQ(file.entry("model/tied").storage, file.entry("model/row").storage);
    EXPECT_NE(file.entry("model/tied").storage, file.entry("model/alone").storage);
    EXPECT_THAT(file.values<double>("model/tied"), ElementsAre(1, 4, 2, 5, 3, 6));
    EXPECT_THAT(file.values<double>("model/row"), ElementsAre(4, 5, 6));
  }
  ExportRequest request = to(ExportFormat::pth);
  request.drop = {"presence_vector.weight", "tied"};
  convert("in.pth", "out.pth", request);  // only the part that is used is stored
  EXPECT_EQ(WeightFile(in_folder("out.pth")).entry("model/row").offset, 0);
  convert("in.pth", "out.safetensors", to(ExportFormat::safetensors));
  const WeightFile file(in_folder("out.safetensors"));
  EXPECT_NE(file.entry("tied").storage, file.entry("row").storage);
  EXPECT_THAT(file.values<float>("tied"), ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST_F(WeightExport, RawKeepsEverything) {
  ExportRequest request = to(ExportFormat::pth);
  request.raw_keys = true;
  for (const test::WeightCorpus& corpus : test::weight_corpora())
    for (const char* name : {"kinds_zip.pth", "kinds_legacy.pth", "kinds_protocol4.pth"}) {
      SCOPED_TRACE(name);
      const std::string source = corpus.good(name);
      convert(source, "out.pth", request);
      const WeightFile before(source), after(in_folder("out.pth"));
      EXPECT_EQ(names(before), names(after));
      EXPECT_FALSE(compare_weights(before, after, {.raw_names = true}).any());
      std::vector<std::string> values_before, values_after;
      before.for_each_value([&](const std::string& path, const Value& value) {
        values_before.push_back(path + shown(value));
      });
      after.for_each_value([&](const std::string& path, const Value& value) {
        values_after.push_back(path + shown(value));
      });
      EXPECT_FALSE(values_before.empty());
      EXPECT_EQ(values_before, values_after);
    }
}

TEST_F(WeightExport, RawAcrossFormats) {
  ExportRequest request = to(ExportFormat::safetensors);
  request.raw_keys = true;
  convert("run.h5", "a.safetensors", request);
  const WeightFile checkpoint(in_folder("run.h5")), texts(in_folder("a.safetensors"));
  EXPECT_FALSE(compare_weights(checkpoint, texts, {.raw_names = true}).any());
  EXPECT_EQ(texts.metadata().at("config"), checkpoint.metadata().at("config"));
  request.format = ExportFormat::pth;
  convert("run.h5", "b.pth", request);
  const WeightFile nested(in_folder("b.pth"));
  EXPECT_FALSE(compare_weights(checkpoint, nested, {.raw_names = true}).any());
  EXPECT_EQ(nested.top()->find("config")->as_text(), checkpoint.metadata().at("config"));
  convert("a.safetensors", "c.pth", request);
  EXPECT_FALSE(compare_weights(texts, WeightFile(in_folder("c.pth")), {.raw_names = true}).any());
  EXPECT_THAT(plan_.left_out, Contains(Field(&DroppedKey::key, "config")));
  request.format = ExportFormat::safetensors;
  convert(test::weight_corpora()[0].good("kinds_zip.pth"), "d.safetensors", request);
  EXPECT_THAT(plan_.notes, ElementsAre(HasSubstr("become texts in __metadata__")));
  EXPECT_GT(WeightFile(in_folder("d.safetensors")).metadata().size(), 1U);
}

TEST_F(WeightExport, RawDropsWholeBranches) {
  ExportRequest request = to(ExportFormat::pth);
  request.raw_keys = true;
  convert("run.h5", "a.pth", request);
  request.drop = {"optimizer", "config"};
  for (const char* source : {"run.h5", "a.pth"}) {
    convert(source, "b.pth", request);
    const WeightFile file(in_folder("b.pth"));
    EXPECT_EQ(file.entries().size(), 7U) << source;
    EXPECT_FALSE(file.top()->find("config")) << source;
    EXPECT_TRUE(file.top()->find("sampler")) << source;
  }
}

TEST_F(WeightExport, ADamagedSourceLeavesNothing) {
  ExportRequest request = to(ExportFormat::pth);
  convert("run.h5", "a.pth", request);
  std::string bytes = read_file(in_folder("a.pth"));
  const std::vector<float> first = {0.5F, 1.0F, 1.5F};
  const std::size_t at = bytes.find(std::string(reinterpret_cast<const char*>(first.data()), 12));
  ASSERT_NE(at, std::string::npos);
  bytes[at] = '\x01';
  write_file(in_folder("bad.pth"), bytes);
  for (const ExportFormat format : {ExportFormat::pth, ExportFormat::safetensors})
    EXPECT_THAT(refusal("bad.pth", to(format)), HasSubstr("CRC"));
  EXPECT_EQ(num_files(), 3U);
}

TEST_F(WeightExport, AKillBeforeTheRenameLeavesTheOldFile) {
  write_file(folder_ / "out", "old");
  for (const ExportFormat format : {ExportFormat::pth, ExportFormat::safetensors}) {
    const test::ChildResult child = test::in_child([&] {
      const WeightFile file(in_folder("run.h5"));
      const AtomicFile written = write_export(plan_export(file, to(format)), in_folder("out"));
      raise(SIGKILL);
      return std::string("not reached");
    });
    EXPECT_EQ(child.signal, SIGKILL);
    EXPECT_EQ(read_file(folder_ / "out"), "old");
    EXPECT_EQ(num_files(), 3U) << "what the killed one wrote";
    remove_leftovers(folder_ / "out");
    EXPECT_EQ(num_files(), 2U);
  }
}

TEST_F(WeightExport, AFullDiskLeavesTheOldFile) {
  write_file(folder_ / "out", "old");
  struct rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit small = before;
  small.rlim_cur = 600;  // the kernel refuses to let a file grow past this
  signal(SIGXFSZ, SIG_IGN);
  const WeightFile file(in_folder("run.h5"));
  for (const ExportFormat format : {ExportFormat::pth, ExportFormat::safetensors}) {
    const ExportPlan plan = plan_export(file, to(format));
    setrlimit(RLIMIT_FSIZE, &small);
    EXPECT_THROW(write_export(plan, folder_ / "out"), EnvironmentError);
    setrlimit(RLIMIT_FSIZE, &before);
  }
  EXPECT_EQ(read_file(folder_ / "out"), "old");
  EXPECT_EQ(num_files(), 2U);
}

TEST_F(WeightExport, AFolderThatCannotBeWritten) {
  const WeightFile file(in_folder("run.h5"));
  const ExportPlan plan = plan_export(file, to(ExportFormat::pth));
  EXPECT_THROW(write_export(plan, "/proc/out.pth"), Error);
  EXPECT_THROW(write_export(plan, in_folder("run.h5") + "/out.pth"), Error);
}

}  // namespace
}  // namespace intr
