// SPDX-License-Identifier: Apache-2.0
#include "intr/model/parameter_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "intr/core/error.h"

namespace intr {
namespace {

ModelConfig config_of(const std::string& backbone, bool pre_norm = false,
                      const std::string& position = "sine") {
  ModelConfig config;
  config.backbone = backbone;
  config.pre_norm = pre_norm;
  config.position_embedding = position;
  config.num_classes = 200;
  return config;
}

/// Figures of a table that leave the queries out, as the published ones do.
struct Counts {
  std::int64_t entries = 0, tensors = 0, parameters = 0, frozen_tensors = 0, frozen = 0;
  std::int64_t group0 = 0, group1_trained = 0, buffers = 0, buffer_values = 0;
};
Counts count(const std::vector<ParameterRow>& table) {
  Counts c;
  for (const ParameterRow& row : table) {
    ++c.entries;
    if (row.buffer) {
      ++c.buffers;
      c.buffer_values += row.num_values();
      continue;
    }
    ++c.tensors;
    if (row.name != "query_embed.weight") c.parameters += row.num_values();
    const bool frozen = is_frozen(row.name, "stem");
    if (frozen) {
      ++c.frozen_tensors;
      c.frozen += row.num_values();
    }
    if (row.group == 0) ++c.group0;
    if (row.group == 1 && !frozen) ++c.group1_trained;
  }
  return c;
}

struct Published {
  const char* backbone;
  std::int64_t entries, tensors, parameters, frozen_tensors, frozen, group1;
};
constexpr Published kPublished[] = {{"resnet18", 287, 207, 28'661'953, 5, 156'864, 15},
                                    {"resnet34", 367, 223, 38'762'689, 7, 230'592, 29},
                                    {"resnet50", 452, 240, 41'343'169, 11, 222'400, 42},
                                    {"resnet101", 707, 291, 60'283'073, 11, 222'400, 93}};

TEST(ParameterTable, CountsArePublishedOnesForEveryKindOfModel) {
  for (const Published& want : kPublished) {
    for (const bool pre_norm : {false, true}) {
      for (const bool learned : {false, true}) {
        SCOPED_TRACE(fmt::format("{} pre-norm {} learned {}", want.backbone, pre_norm, learned));
        const Counts got = count(
            parameter_table(config_of(want.backbone, pre_norm, learned ? "learned" : "sine")));
        const std::int64_t norms = pre_norm ? 2 : 0;     // encoder.norm: weight and bias
        const std::int64_t positions = learned ? 2 : 0;  // rows and columns
        EXPECT_EQ(got.entries, want.entries + norms + positions);
        EXPECT_EQ(got.tensors, want.tensors + norms + positions);
        EXPECT_EQ(got.parameters, want.parameters + norms * 256 + positions * 50 * 128);
        EXPECT_EQ(got.frozen_tensors, want.frozen_tensors);
        EXPECT_EQ(got.frozen, want.frozen);
        EXPECT_EQ(got.group0, 187 + norms);
        EXPECT_EQ(got.group1_trained, want.group1 + positions);
      }
    }
  }
}

TEST(ParameterTable, ResNet50HasThePublishedBuffers) {
  const Counts got = count(parameter_table(config_of("resnet50")));
  EXPECT_EQ(got.buffers, 212);
  EXPECT_EQ(got.buffer_values, 106'240);
}

TEST(ParameterTable, OptimizerOrderIsThePublishedOne) {
  std::vector<std::string> trained;
  for (const ParameterRow& row : parameter_table(config_of("resnet50")))
    if (!row.buffer && !is_frozen(row.name, "stem")) trained.push_back(row.name);
  ASSERT_EQ(trained.size(), 229U);
  EXPECT_EQ(trained[0], "transformer.encoder.layers.0.self_attn.in_proj_weight");
  EXPECT_EQ(trained[186], "input_proj.bias");
  EXPECT_EQ(trained[187], "backbone.0.body.layer2.0.conv1.weight");
  EXPECT_EQ(trained[228], "backbone.0.body.layer4.2.conv3.weight");
}

TEST(ParameterTable, ThreeStagesLeaveTheFourthOut) {
  ModelConfig config = config_of("resnet18");
  config.backbone_stages = 3;
  EXPECT_EQ(config.stride(), 16);
  for (const ParameterRow& row : parameter_table(config)) {
    EXPECT_EQ(row.name.find("layer4"), std::string::npos) << row.name;
    if (row.name == "input_proj.weight") {
      EXPECT_EQ(row.shape, (std::vector<std::int64_t>{256, 256, 1, 1}));
    }
  }
}

TEST(ParameterTable, NamesAreUniqueAndQueriesCountClassesTimesQueriesPerClass) {
  ModelConfig config = config_of("resnet101", true, "learned");
  config.queries_per_class = 3;
  std::set<std::string> names;
  for (const ParameterRow& row : parameter_table(config)) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    if (row.name == "query_embed.weight") {
      EXPECT_EQ(row.shape, (std::vector<std::int64_t>{600, 256}));
    }
  }
}

TEST(ParameterTable, DecayIsExemptForBiasesAndNorms) {
  for (const ParameterRow& row : parameter_table(config_of("resnet18"))) {
    const bool matrix = row.shape.size() > 1;
    EXPECT_EQ(row.decay_exempt, !matrix) << row.name;
  }
}

TEST(ParameterTable, FreezeRules) {
  EXPECT_TRUE(is_frozen("backbone.0.body.conv1.weight", "stem"));
  EXPECT_FALSE(is_frozen("backbone.0.body.layer2.0.conv1.weight", "stem"));
  EXPECT_TRUE(is_frozen("backbone.0.body.layer4.1.conv2.weight", "backbone"));
  EXPECT_FALSE(is_frozen("backbone.0.body.conv1.weight", "none"));
  EXPECT_FALSE(is_frozen("query_embed.weight", "backbone"));
  EXPECT_THROW(is_frozen("query_embed.weight", "head"), InternalError);
}

}  // namespace
}  // namespace intr
