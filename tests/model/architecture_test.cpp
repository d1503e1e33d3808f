// SPDX-License-Identifier: Apache-2.0
#include "intr/model/architecture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "intr/core/error.h"

namespace intr {
namespace {

/// Names and shapes of a model, as far as they tell anything.
struct Plan {
  std::vector<std::int64_t> blocks = {3, 4, 6, 3};
  bool bottleneck = true;
  std::int64_t enc_layers = 6, dec_layers = 6, width = 256, inner = 2048, queries = 100;
  bool pre_norm = false, learned = false;
};

NamedTensor tensor(const std::string& name, const std::vector<std::int64_t>& shape) {
  return {.name = name, .type = DType::f32, .shape = shape, .parts = {}};
}

NamedWeights weights_of(const Plan& plan, WeightFamily family = WeightFamily::intr) {
  NamedWeights weights;
  weights.family = family;
  std::vector<NamedTensor>& all = weights.tensors;
  for (std::size_t stage = 0; stage < plan.blocks.size(); ++stage)
    for (std::int64_t block = 0; block < plan.blocks[stage]; ++block)
      for (int conv = 1; conv <= (plan.bottleneck ? 3 : 2); ++conv)
        all.push_back(
            tensor(fmt::format("backbone.0.body.layer{}.{}.conv{}.weight", stage + 1, block, conv),
                   {64, 64, 1, 1}));
  if (family == WeightFamily::torchvision_resnet) return weights;
  for (std::int64_t i = 0; i < plan.enc_layers; ++i)
    all.push_back(tensor(fmt::format("transformer.encoder.layers.{}.linear1.weight", i),
                         {plan.inner, plan.width}));
  for (std::int64_t i = 0; i < plan.dec_layers; ++i)
    all.push_back(tensor(fmt::format("transformer.decoder.layers.{}.norm3.bias", i), {plan.width}));
  if (plan.pre_norm) all.push_back(tensor("transformer.encoder.norm.weight", {plan.width}));
  if (plan.learned) all.push_back(tensor("backbone.1.row_embed.weight", {50, plan.width / 2}));
  all.push_back(tensor("query_embed.weight", {plan.queries, plan.width}));
  return weights;
}

void erase(NamedWeights& weights, const std::string& part) {
  const auto count = std::erase_if(weights.tensors, [&](const NamedTensor& t) {
    return t.name.find(part) != std::string::npos;
  });
  EXPECT_GT(count, 0U) << part;
}

std::string refusal(const NamedWeights& weights) {
  try {
    return "accepted: " + one_line(architecture_of(weights, "FILE").value());
  } catch (const DataError& error) {
    return error.what();
  }
}

TEST(Architecture, TheLineOfDetr) {
  EXPECT_EQ(one_line(*architecture_of(weights_of({}, WeightFamily::detr), "FILE")),
            "resnet50, D 256, 6 + 6 layers, F 2048, 100 queries, post-norm, sine; heads and "
            "dilation unknown from shapes");
}

TEST(Architecture, EveryPartIsReadOffTheShapes) {
  const Architecture found = *architecture_of(weights_of({.blocks = {2, 2, 2},
                                                          .bottleneck = false,
                                                          .enc_layers = 1,
                                                          .dec_layers = 12,
                                                          .width = 36,
                                                          .inner = 50,
                                                          .queries = 7,
                                                          .pre_norm = true,
                                                          .learned = true}),
                                              "FILE");
  EXPECT_EQ(found.backbone, "resnet18");
  EXPECT_EQ(found.backbone_stages, 3);
  EXPECT_TRUE(found.complete);
  EXPECT_EQ(found.enc_layers, 1);
  EXPECT_EQ(found.dec_layers, 12);
  EXPECT_EQ(found.hidden_dim, 36);
  EXPECT_EQ(found.dim_feedforward, 50);
  EXPECT_EQ(found.num_queries, 7);
  EXPECT_TRUE(found.pre_norm);
  EXPECT_EQ(found.position_embedding, "learned");
  EXPECT_EQ(one_line(found),
            "resnet18 of 3 stages, D 36, 1 + 12 layers, F 50, 7 queries, pre-norm, learned; heads "
            "and dilation unknown from shapes");
}

TEST(Architecture, BackbonesAreToldApartByTheirBlocks) {
  struct Case {
    std::vector<std::int64_t> blocks;
    bool bottleneck;
    const char* name;
  };
  for (const Case& c :
       {Case{{2, 2, 2, 2}, false, "resnet18"}, Case{{3, 4, 6, 3}, false, "resnet34"},
        Case{{3, 4, 6}, false, "resnet34"}, Case{{3, 4, 6, 3}, true, "resnet50"},
        Case{{3, 4, 23, 3}, true, "resnet101"}, Case{{3, 4, 23}, true, "resnet101"}})
    EXPECT_EQ(architecture_of(weights_of({.blocks = c.blocks, .bottleneck = c.bottleneck}), "FILE")
                  ->backbone,
              c.name);
  EXPECT_EQ(
      refusal(weights_of({.blocks = {3, 8, 36, 3}})),
      "FILE: family intr: the backbone has 3, 8, 36, 3 bottleneck blocks in its stages, which "
      "is none of resnet18, resnet34, resnet50 and resnet101. Next: use a whole file of a "
      "model that this program knows");
  EXPECT_NE(refusal(weights_of({.blocks = {3, 4}})).find("has 3, 4 bottleneck"), std::string::npos);
  EXPECT_NE(refusal(weights_of({.blocks = {3, 4, 6, 3, 2}})).find("3, 2 bottleneck"),
            std::string::npos);
}

TEST(Architecture, ABackboneAlone) {
  const Architecture found =
      *architecture_of(weights_of({}, WeightFamily::torchvision_resnet), "FILE");
  EXPECT_FALSE(found.complete);
  EXPECT_EQ(one_line(found), "resnet50, a backbone alone");
}

TEST(Architecture, UnknownFamiliesHaveNone) {
  EXPECT_FALSE(architecture_of(weights_of({}, WeightFamily::unknown), "FILE"));
}

TEST(Architecture, LayersMustFollowOneAnother) {
  NamedWeights weights = weights_of({});
  erase(weights, "decoder.layers.2.");
  EXPECT_NE(refusal(weights).find("of its decoder layers number 2 is missing, 3 is there"),
            std::string::npos);
  weights = weights_of({});
  erase(weights, "encoder.layers.0.");
  EXPECT_NE(refusal(weights).find("of its encoder layers number 0 is missing, 1 is there"),
            std::string::npos);
  weights = weights_of({});
  erase(weights, "layer3.1.");
  EXPECT_NE(refusal(weights).find("of its blocks of backbone stage 3 number 1 is missing"),
            std::string::npos);
  weights = weights_of({.dec_layers = 0});
  EXPECT_NE(refusal(weights).find("it has no decoder layers"), std::string::npos);
}

TEST(Architecture, NonsenseIsRefused) {
  NamedWeights weights = weights_of({});
  erase(weights, "query_embed");
  EXPECT_NE(refusal(weights).find("\"query_embed.weight\" is missing"), std::string::npos);
  weights.tensors.push_back(tensor("query_embed.weight", {100}));
  EXPECT_NE(refusal(weights).find("has the shape [100], not 2 dimensions"), std::string::npos);
  EXPECT_NE(refusal(weights_of({.width = 30})).find("its width 30 is no multiple of 4"),
            std::string::npos);
  EXPECT_NE(refusal(weights_of({.queries = 0})).find("no queries"), std::string::npos);
}

}  // namespace
}  // namespace intr
