// SPDX-License-Identifier: Apache-2.0
#include "intr/model/weight_import.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "intr/core/error.h"
#include "intr/weights/checkpoint_file.h"
#include "support/weight_imports.h"

namespace intr {
namespace {

using test::expect_formula;
using test::formula;
using test::import_from;
using test::kBirds;
using test::kNewFromDetr;
using test::OpenFile;
using test::our_header;
using test::request_for;
using test::StoredTensor;
using test::Values;
using test::values_of;
using test::WeightImportTest;

TEST_F(WeightImportTest, EverythingElseOfDetrIsLoadedAndThePresenceVectorDrawn) {
  const OpenFile detr = open(test::detr_tensors(test::small_file_config()));
  const ModelConfig config = detr.config(7);
  EXPECT_EQ(config.num_classes, 7);
  const Values values = import_from(detr, 7);
  expect_formula(values, config, kNewFromDetr);
  EXPECT_EQ(values.at("presence_vector.bias"), std::vector<float>{0});
  const std::vector<float>& presence = values.at("presence_vector.weight");
  const float bound = std::sqrt(6.0F / 33.0F);
  float largest = 0;
  for (const float value : presence) largest = std::max(largest, std::abs(value));
  EXPECT_LE(largest, bound);
  EXPECT_GT(largest, 0.7F * bound);
  EXPECT_NE(presence, import_from(detr, 7, {.seed = 43}).at("presence_vector.weight"));
}

TEST_F(WeightImportTest, TheReportNamesEveryKey) {
  const OpenFile detr = open(test::detr_tensors(test::small_file_config()));
  const ModelConfig config = detr.config(120);
  const WeightImport import(detr.file, detr.weights, config, {});
  const nlohmann::ordered_json report = import.report();
  EXPECT_EQ(report["family"], "detr");
  EXPECT_EQ(report["format"], "safetensors");
  EXPECT_EQ(report["keys"].size(), parameter_table(config).size() + 3);
  EXPECT_EQ(report["keys"][0]["key"], "transformer.encoder.layers.0.self_attn.in_proj_weight");
  EXPECT_EQ(report["keys"][0]["outcome"], "loaded");
  EXPECT_EQ(report["keys"].back().dump(),
            R"({"key":"bbox_embed.layers.0.weight","outcome":"dropped","why":"DETR's box head"})");
  const std::size_t loaded = parameter_table(config).size() - 3;
  EXPECT_EQ(report["counts"]["loaded"], loaded);
  EXPECT_EQ(report["counts"]["initialised"], 3);
  EXPECT_EQ(report["counts"]["dropped"], 3);
  EXPECT_EQ(report["counts"]["converted"], 0);
  EXPECT_EQ(import.lines(),
            (std::vector<std::string>{
                fmt::format("loaded: {} tensors", loaded),
                "initialised: presence_vector.weight (Xavier-uniform, ±0.4264)",
                "initialised: presence_vector.bias (0)",
                "initialised: query_embed.weight (tile: 100 rows, repeated as rows 100 to 119 with "
                "noise 0.1)",
                "dropped: 1 key (DETR's box head)", "dropped: 2 keys (DETR's class head)"}));
}

TEST_F(WeightImportTest, OneSizeOfIntrFitsExactly) {
  const ModelConfig config = test::small_file_config();
  const OpenFile intr = open(test::intr_tensors(config), our_header(config, kBirds));
  const ResolvedModel resolved = resolve_model(intr.file, intr.weights, request_for(0));
  EXPECT_EQ(resolved.config, config);
  EXPECT_EQ(resolved.classes, kBirds);
  EXPECT_EQ(resolved.step, 12);
  const WeightImport import(intr.file, intr.weights, resolved.config, {});
  expect_formula(values_of(import), config, {});
  EXPECT_EQ(import.report()["counts"]["loaded"], parameter_table(config).size());
  EXPECT_EQ(import.lines().size(), 1U);
}

TEST_F(WeightImportTest, WrappedAndPanopticFilesGiveTheSame) {
  std::vector<StoredTensor> tensors = test::detr_tensors(test::small_file_config());
  const Values plain = import_from(open(tensors), 7);
  test::add_prefix(tensors, "detr.");
  tensors.push_back(test::zero_tensor("mask_head.lay1.weight", {2}));
  tensors.push_back(test::zero_tensor("bbox_attention.q_linear.weight", {2}));
  EXPECT_EQ(import_from(open(tensors), 7), plain);
  test::add_prefix(tensors, "module.");
  EXPECT_EQ(import_from(open(tensors), 7), plain);
}

TEST_F(WeightImportTest, HuggingFaceFilesGiveTheSameBytes) {
  const std::vector<StoredTensor> detr = test::detr_tensors(test::small_file_config());
  const Values plain = import_from(open(detr), 12);
  const OpenFile theirs = open(test::hugging_face_tensors(detr));
  EXPECT_EQ(theirs.weights.family, WeightFamily::hf_detr);
  EXPECT_EQ(import_from(theirs, 12), plain);
}

TEST_F(WeightImportTest, OtherFloatsAreConvertedAndIntegersRefused) {
  std::vector<StoredTensor> tensors = test::detr_tensors(test::small_file_config());
  for (StoredTensor& tensor : tensors) tensor = test::to_f16(tensor);
  const OpenFile halves = open(tensors);
  const WeightImport import(halves.file, halves.weights, halves.config(7), {});
  EXPECT_EQ(import.report()["counts"]["loaded"], 0);
  EXPECT_EQ(import.report()["keys"][0].dump(),
            R"({"key":"transformer.encoder.layers.0.self_attn.in_proj_weight",)"
            R"("outcome":"converted","from":"f16"})");
  const Values values = values_of(import);
  const std::string name = "transformer.decoder.norm.weight";
  const std::vector<float> exact = formula(test::small_file_config(), name);
  for (std::size_t i = 0; i < exact.size(); ++i)
    EXPECT_EQ(values.at(name)[i], float_from_half(half_from_float(exact[i])));

  for (StoredTensor& tensor : tensors)
    if (tensor.name == name) tensor.type = "I16";
  const OpenFile integers = open(tensors);
  EXPECT_EQ(refusal<DataError>([&] { import_from(integers, 7); }),
            "FILE: 1 key does not fit the model: \"transformer.decoder.norm.weight\": holds i16 "
            "values, not floating-point ones. Next: use a file of the same architecture; "
            "intr-weights inspect shows what it holds");
}

TEST_F(WeightImportTest, EveryKeyThatDoesNotFitIsListed) {
  std::vector<StoredTensor> tensors = test::intr_tensors(test::small_file_config());
  std::erase_if(tensors, [](const StoredTensor& t) { return t.name == "presence_vector.bias"; });
  for (StoredTensor& tensor : tensors)
    if (tensor.name == "input_proj.weight") tensor.shape = {256, 32, 1, 1};
  tensors.push_back(test::zero_tensor("transformer.decoder.extra", {2}));
  const OpenFile broken = open(tensors);
  EXPECT_EQ(refusal<DataError>([&] { import_from(broken, 7); }),
            "FILE: 3 keys do not fit the model: \"presence_vector.bias\": missing; "
            "\"input_proj.weight\": shape mismatch (file [256, 32, 1, 1], model [32, 256, 1, 1]); "
            "\"transformer.decoder.extra\": no part of this model. Next: use a file of the same "
            "architecture; intr-weights inspect shows what it holds");
}

TEST_F(WeightImportTest, ABackboneAloneCoversTheBackbone) {
  ModelConfig config = test::small_file_config();
  config.backbone_stages = 4;
  const OpenFile resnet = open(test::torchvision_tensors(config));
  const WeightImport import(resnet.file, resnet.weights, config, {.backbone_only = true});
  const Values values = values_of(import);
  for (const ParameterRow& row : parameter_table(config)) {
    EXPECT_EQ(values.contains(row.name), row.name.starts_with("backbone.0.")) << row.name;
    if (values.contains(row.name)) {
      EXPECT_EQ(values.at(row.name), test::formula_weight(row.name, row.shape));
    }
  }
  EXPECT_EQ(import.lines(),
            (std::vector<std::string>{fmt::format("loaded: {} tensors", values.size()),
                                      "dropped: 2 keys (ImageNet's class head)",
                                      "dropped: 1 key (a count that frozen norms do not need)"}));

  config.backbone_stages = 3;
  const WeightImport shorter(resnet.file, resnet.weights, config, {.backbone_only = true});
  EXPECT_EQ(shorter.lines().back(), "dropped: 25 keys (the model ends after layer 3)");
  config.backbone = "resnet34";
  EXPECT_EQ(refusal<UsageError>([&] {
              WeightImport(resnet.file, resnet.weights, config, {.backbone_only = true});
            }),
            "--backbone resnet34, but FILE has resnet18. Next: use --backbone resnet18");
  EXPECT_EQ(refusal<DataError>([&] { resnet.config(7); }),
            "FILE: holds a backbone alone (resnet18). Next: start from it with intr-train "
            "--backbone-weights FILE");
  const OpenFile detr = open(test::detr_tensors(test::small_file_config()));
  EXPECT_EQ(refusal<DataError>([&] {
              WeightImport(detr.file, detr.weights, test::small_file_config(),
                           {.backbone_only = true});
            }),
            "FILE: is of the family detr, not a ResNet of torchvision. Next: start from it with "
            "--finetune, or leave --backbone-weights out");
}

}  // namespace
}  // namespace intr
