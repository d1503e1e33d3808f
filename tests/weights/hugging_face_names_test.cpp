// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/hugging_face_names.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

struct Pair {
  const char* theirs;
  const char* ours;
};

/// Both directions: names as a backbone from timm has them.
constexpr Pair kPairs[] = {
    {"presence_vector.weight", "presence_vector.weight"},
    {"presence_vector.bias", "presence_vector.bias"},
    {"model.query_position_embeddings.weight", "query_embed.weight"},
    {"model.input_projection.weight", "input_proj.weight"},
    {"model.encoder.layers.0.self_attn.out_proj.bias",
     "transformer.encoder.layers.0.self_attn.out_proj.bias"},
    {"model.encoder.layers.5.fc1.weight", "transformer.encoder.layers.5.linear1.weight"},
    {"model.encoder.layers.5.fc2.bias", "transformer.encoder.layers.5.linear2.bias"},
    {"model.encoder.layers.1.self_attn_layer_norm.weight",
     "transformer.encoder.layers.1.norm1.weight"},
    {"model.encoder.layers.1.final_layer_norm.bias", "transformer.encoder.layers.1.norm2.bias"},
    {"model.decoder.layers.11.encoder_attn.out_proj.weight",
     "transformer.decoder.layers.11.multihead_attn.out_proj.weight"},
    {"model.decoder.layers.0.self_attn_layer_norm.weight",
     "transformer.decoder.layers.0.norm1.weight"},
    {"model.decoder.layers.0.encoder_attn_layer_norm.weight",
     "transformer.decoder.layers.0.norm2.weight"},
    {"model.decoder.layers.0.final_layer_norm.weight", "transformer.decoder.layers.0.norm3.weight"},
    {"model.decoder.layernorm.bias", "transformer.decoder.norm.bias"},
    {"model.encoder.layernorm.bias", "transformer.encoder.norm.bias"},
    {"model.backbone.conv_encoder.model.conv1.weight", "backbone.0.body.conv1.weight"},
    {"model.backbone.conv_encoder.model.bn1.running_var", "backbone.0.body.bn1.running_var"},
    {"model.backbone.conv_encoder.model.layer3.22.conv3.weight",
     "backbone.0.body.layer3.22.conv3.weight"},
    {"model.backbone.conv_encoder.model.layer1.0.downsample.0.weight",
     "backbone.0.body.layer1.0.downsample.0.weight"},
    {"model.backbone.conv_encoder.model.layer1.0.downsample.1.running_mean",
     "backbone.0.body.layer1.0.downsample.1.running_mean"},
    {"model.backbone.position_embedding.column_embeddings.weight", "backbone.1.col_embed.weight"},
};

/// Only from theirs to ours: Hugging Face's own backbone.
constexpr Pair kOwnBackbone[] = {
    {"model.backbone.conv_encoder.model.embedder.embedder.convolution.weight",
     "backbone.0.body.conv1.weight"},
    {"model.backbone.conv_encoder.model.embedder.embedder.normalization.bias",
     "backbone.0.body.bn1.bias"},
    {"model.backbone.conv_encoder.model.encoder.stages.0.layers.0.layer.0.convolution.weight",
     "backbone.0.body.layer1.0.conv1.weight"},
    {"model.backbone.conv_encoder.model.encoder.stages.3.layers.2.layer.2.normalization.weight",
     "backbone.0.body.layer4.2.bn3.weight"},
    {"model.backbone.conv_encoder.model.encoder.stages.1.layers.0.shortcut.convolution.weight",
     "backbone.0.body.layer2.0.downsample.0.weight"},
    {"model.backbone.conv_encoder.model.encoder.stages.1.layers.0.shortcut.normalization.bias",
     "backbone.0.body.layer2.0.downsample.1.bias"},
};

TEST(HuggingFaceNames, OneTableServesBothDirections) {
  for (const Pair& pair : kPairs) {
    SCOPED_TRACE(pair.theirs);
    const std::optional<OurRows> ours = our_rows(pair.theirs);
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->name, pair.ours);
    EXPECT_EQ(ours->num_parts, 1U);
    const std::vector<RenamedRows> theirs = hugging_face_parts(pair.ours, 12);
    ASSERT_EQ(theirs.size(), 1U);
    EXPECT_EQ(theirs[0].name, pair.theirs);
    EXPECT_EQ(theirs[0].first_row, 0);
    EXPECT_EQ(theirs[0].num_rows, 12);
  }
}

TEST(HuggingFaceNames, TheirOwnBackboneIsRead) {
  for (const Pair& pair : kOwnBackbone) {
    const std::optional<OurRows> ours = our_rows(pair.theirs);
    ASSERT_TRUE(ours) << pair.theirs;
    EXPECT_EQ(ours->name, pair.ours);
    EXPECT_NE(hugging_face_parts(pair.ours, 1).at(0).name, pair.theirs);  // timm's instead
  }
}

TEST(HuggingFaceNames, ProjectionsAreRowsOfOneTensor) {
  const std::optional<OurRows> key = our_rows("model.decoder.layers.3.encoder_attn.k_proj.bias");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "transformer.decoder.layers.3.multihead_attn.in_proj_bias");
  EXPECT_EQ(key->part, 1U);
  EXPECT_EQ(key->num_parts, 3U);

  const std::vector<RenamedRows> parts =
      hugging_face_parts("transformer.encoder.layers.2.self_attn.in_proj_weight", 96);
  ASSERT_EQ(parts.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string name =
        std::string("model.encoder.layers.2.self_attn.") + "qkv"[i] + "_proj.weight";
    EXPECT_EQ(parts[i].name, name);
    EXPECT_EQ(parts[i].first_row, static_cast<std::int64_t>(32 * i));
    EXPECT_EQ(parts[i].num_rows, 32);
    EXPECT_EQ(our_rows(name)->part, i);
  }
}

TEST(HuggingFaceNames, TheBareModelLacksTheLeadingWord) {
  EXPECT_EQ(our_rows("query_position_embeddings.weight")->name, "query_embed.weight");
  EXPECT_EQ(our_rows("encoder.layers.0.fc1.weight")->name,
            "transformer.encoder.layers.0.linear1.weight");
}

TEST(HuggingFaceNames, WhatFitsNoRuleHasNoName) {
  for (const char* key :
       {"", "model.", "model.encoder.layers.0.mlp.fc1.weight", "model.encoder.layers.00.fc1.weight",
        "model.encoder.layers.-1.fc1.weight", "model.encoder.layers.0.fc1.weights",
        "model.encoder.layers.0.fc1.weight.x", "model.encoder.layers.99999999999999999999.fc1.bias",
        "model.backbone.conv_encoder.model.layer1.0.conv1.bias",
        "model.backbone.conv_encoder.model.encoder.stages.1.layers.1.shortcut.convolution.weight"})
    EXPECT_FALSE(our_rows(key)) << key;
  for (const char* name :
       {"", "query_embed.bias", "backbone.0.body.layer0.0.conv1.bias", "fc.weight"})
    EXPECT_TRUE(hugging_face_parts(name, 3).empty()) << name;
}

}  // namespace
}  // namespace intr
