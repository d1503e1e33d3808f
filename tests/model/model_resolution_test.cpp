// SPDX-License-Identifier: Apache-2.0
// What file and options say together, through intr/model/weight_import.h.
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
using test::kBirds;
using test::OpenFile;
using test::our_header;
using test::request_for;
using test::StoredTensor;
using test::values_of;
using test::WeightImportTest;

class ModelResolution : public WeightImportTest {};

TEST_F(ModelResolution, OurCheckpointsAreWeightFilesToo) {
  const ModelConfig config = test::small_file_config();
  Checkpoint checkpoint;
  checkpoint.step = 40;
  for (const ParameterRow& row : parameter_table(config)) {
    std::vector<float>& array = row.buffer ? checkpoint.frozen : checkpoint.param;
    checkpoint.tensors.push_back({.name = row.name,
                                  .kind = row.buffer ? TensorKind::kBuffer : TensorKind::kTrainable,
                                  .group = row.group,
                                  .shape = row.shape,
                                  .offset = array.size()});
    const std::vector<float> values = test::formula_weight(row.name, row.shape);
    array.insert(array.end(), values.begin(), values.end());
  }
  checkpoint.exp_avg.resize(checkpoint.param.size());
  checkpoint.exp_avg_sq.resize(checkpoint.param.size());
  checkpoint.classes = kBirds;
  checkpoint.config = {{"model", to_json(config)}};
  path_ = dir_ / "ckpt.h5";
  write_checkpoint(path_, checkpoint);
  const OpenFile file(path_);
  const ResolvedModel resolved = resolve_model(file.file, file.weights, request_for(0));
  EXPECT_EQ(resolved.config, config);
  EXPECT_EQ(resolved.classes, kBirds);
  EXPECT_EQ(resolved.step, 40);
  EXPECT_EQ(resolved.sources[0], "4 heads: config of the checkpoint");
  expect_formula(values_of(WeightImport(file.file, file.weights, resolved.config, {})), config, {});
}

TEST_F(ModelResolution, WhatShapesDoNotTellComesFromOptionsOrDefaults) {
  const OpenFile detr = open(test::detr_tensors(test::small_file_config()));
  ResolvedModel resolved =
      resolve_model(detr.file, detr.weights, {.options = {}, .num_classes = 7});
  EXPECT_EQ(resolved.config.nheads, 8);
  EXPECT_EQ(resolved.sources, (std::vector<std::string>{"8 heads: default", "no dilation: default",
                                                        "image size 800: default"}));
  ModelConfig options;
  options.nheads = 2;
  options.image_size = 64;
  options.dropout = 0.3;
  resolved = resolve_model(detr.file, detr.weights, request_for(7, options, {"nheads"}));
  EXPECT_EQ(resolved.config.nheads, 2);
  EXPECT_EQ(resolved.sources[0], "2 heads: option --nheads");
  EXPECT_EQ(resolved.config.image_size, 64);
  EXPECT_EQ(resolved.config.dropout, 0.3);
  EXPECT_EQ(resolved.config.backbone, "resnet18");
  EXPECT_EQ(resolved.config.backbone_stages, 3);
}

TEST_F(ModelResolution, ATrainingMayChooseAnewWhatAnEvaluationTakes) {
  ModelConfig config = test::small_file_config();
  config.dropout = 0.25;
  const OpenFile intr = open(test::intr_tensors(config), our_header(config, kBirds));
  ModelConfig options;
  options.image_size = 128;
  ResolvedModel resolved =
      resolve_model(intr.file, intr.weights, request_for(5, options, {"image-size"}));
  EXPECT_EQ(resolved.config.image_size, 128);
  EXPECT_EQ(resolved.config.dropout, options.dropout);
  EXPECT_EQ(resolve_model(intr.file, intr.weights, request_for(5, options)).config.image_size, 96);
  EXPECT_EQ(resolve_model(intr.file, intr.weights, request_for(0)).config.dropout, 0.25);
  EXPECT_EQ(refusal<UsageError>([&] {
              resolve_model(intr.file, intr.weights, request_for(0, options, {"image-size"}));
            }),
            "--image-size 128, but FILE has 96. Next: leave --image-size out, or use another file");
}

TEST_F(ModelResolution, OptionsThatContradictTheFileAreRefused) {
  const ModelConfig config = test::small_file_config();
  const OpenFile intr = open(test::intr_tensors(config), our_header(config, kBirds));
  const auto message = [&](const char* flag, const auto& change) {
    ModelConfig options = config;
    change(options);
    return refusal<UsageError>(
        [&] { resolve_model(intr.file, intr.weights, request_for(7, options, {flag})); });
  };
  EXPECT_EQ(message("hidden-dim", [](ModelConfig& c) { c.hidden_dim = 128; }),
            "--hidden-dim 128, but FILE has 32. Next: leave --hidden-dim out, or use another file");
  EXPECT_EQ(message("nheads", [](ModelConfig& c) { c.nheads = 8; }).substr(0, 26),
            "--nheads 8, but FILE has 4");
  EXPECT_EQ(message("dilation", [](ModelConfig& c) { c.dilation = true; }).substr(0, 36),
            "--dilation true, but FILE has false.");
  EXPECT_EQ(message("backbone", [](ModelConfig& c) { c.backbone = "resnet50"; }).substr(0, 44),
            "--backbone resnet50, but FILE has resnet18. ");
  for (const char* flag : {"enc-layers", "dec-layers", "dim-feedforward", "backbone-stages"})
    EXPECT_NE(message(flag,
                      [](ModelConfig& c) {
                        c.enc_layers = c.dec_layers = 3;
                        c.dim_feedforward = 1;
                        c.backbone_stages = 4;
                      })
                  .find("FILE has"),
              std::string::npos)
        << flag;
  EXPECT_EQ(message("pre-norm", [](ModelConfig& c) { c.pre_norm = true; }).substr(0, 35),
            "--pre-norm true, but FILE has false");
  EXPECT_EQ(message("position-embedding", [](ModelConfig& c) { c.position_embedding = "learned"; })
                .substr(0, 46),
            "--position-embedding learned, but FILE has sin");
  EXPECT_EQ(message("lr", [](ModelConfig& c) { c.hidden_dim = 128; }), "accepted");
}

TEST_F(ModelResolution, QueriesMustBeClassesTimesQueriesOfAClass) {
  ModelConfig config = test::small_file_config();
  OpenFile plain = open(test::intr_tensors(config));
  ModelConfig options;
  options.queries_per_class = 2;
  EXPECT_EQ(refusal<DataError>([&] {
              resolve_model(plain.file, plain.weights,
                            request_for(0, options, {"queries-per-class"}));
            }),
            "FILE: has 7 queries, which is not 3 classes x 2 queries of a class. Next: give the "
            "--queries-per-class that it was trained with");
  EXPECT_EQ(resolve_model(plain.file, plain.weights, request_for(0)).config.num_classes, 7);

  config.queries_per_class = 2;
  OpenFile doubled = open(test::intr_tensors(config), our_header(config, kBirds));
  EXPECT_EQ(resolve_model(doubled.file, doubled.weights, request_for(0)).config, config);
  config.queries_per_class = 3;
  doubled = open(test::intr_tensors(test::small_file_config(14)), our_header(config, kBirds));
  EXPECT_NE(refusal<DataError>([&] {
              resolve_model(doubled.file, doubled.weights, request_for(0));
            }).find("has 14 queries, which is not 7 classes x 3 queries of a class"),
            std::string::npos);
  doubled = open(test::intr_tensors(test::small_file_config(14)),
                 our_header(test::small_file_config(14), kBirds));
  EXPECT_NE(refusal<DataError>([&] {
              resolve_model(doubled.file, doubled.weights, request_for(0));
            }).find("names 7 classes for a model of 14"),
            std::string::npos);
}

TEST_F(ModelResolution, AFileThatLostALayerIsNoticed) {
  const ModelConfig config = test::small_file_config();
  std::vector<StoredTensor> tensors = test::intr_tensors(config);
  std::erase_if(tensors, [](const StoredTensor& t) {
    return t.name.starts_with("transformer.decoder.layers.1.");
  });
  const OpenFile shorter = open(tensors, our_header(config, kBirds));
  EXPECT_EQ(refusal<DataError>([&] { shorter.config(7); }),
            "FILE: header of the file: dec_layers 2, but its tensors make 1. Next: use a whole "
            "file: tensors are missing or from another model");
}

TEST_F(ModelResolution, WhatNoModelCanBeIsBadData) {
  ModelConfig config = test::small_file_config();
  config.nheads = 5;
  const OpenFile five = open(test::intr_tensors(config), our_header(config, kBirds));
  EXPECT_NE(refusal<DataError>([&] { five.config(7); }).find("no multiple of --nheads 5"),
            std::string::npos);
  config.nheads = 4;
  config.queries_per_class = 0;
  const OpenFile none =
      open(test::intr_tensors(test::small_file_config()), our_header(config, kBirds));
  EXPECT_NE(refusal<DataError>([&] { none.config(0); }).find("--queries-per-class"),
            std::string::npos);
  const OpenFile other = open({test::zero_tensor("a", {2})});
  EXPECT_EQ(refusal<DataError>([&] { other.config(7); }),
            "FILE: holds no model that is known here. Next: look what it holds: intr-weights "
            "inspect FILE");
}

}  // namespace
}  // namespace intr
