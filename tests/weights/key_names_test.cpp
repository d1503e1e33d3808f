// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/key_names.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "intr/core/error.h"
#include "support/safetensors_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using test::f32_tensor;
using test::StoredTensor;
using test::zero_tensor;

class KeyNames : public testing::Test {
 protected:
  WeightFile file(const std::vector<StoredTensor>& tensors) {
    test::write_safetensors_file(dir_ / "weights", tensors);
    return WeightFile(dir_ / "weights");
  }
  WeightFile file_of(const std::vector<std::string>& keys) {
    std::vector<StoredTensor> tensors;
    for (const std::string& key : keys) tensors.push_back(zero_tensor(key, {3}));
    return file(tensors);
  }
  NamedWeights named(const std::vector<std::string>& keys) { return name_weights(file_of(keys)); }
  std::string refusal(const std::vector<StoredTensor>& tensors) {
    try {
      name_weights(file(tensors));
    } catch (const DataError& error) {
      EXPECT_EQ(error.code(), ExitCode::kBadData);
      const std::string text = error.what();
      const std::string where = dir_ / "weights: ";
      EXPECT_EQ(text.rfind(where, 0), 0U) << text;
      return text.substr(where.size());
    }
    return "accepted";
  }
  std::string refusal_of(const std::vector<std::string>& keys) {
    std::vector<StoredTensor> tensors;
    for (const std::string& key : keys) tensors.push_back(zero_tensor(key, {3}));
    return refusal(tensors);
  }
  test::TempDir dir_;
};

std::vector<std::string> names(const NamedWeights& weights) {
  std::vector<std::string> result;
  for (const NamedTensor& tensor : weights.tensors) result.push_back(tensor.name);
  return result;
}
std::vector<std::string> dropped(const NamedWeights& weights) {
  std::vector<std::string> result;
  for (const DroppedKey& key : weights.dropped) result.push_back(key.key + ": " + key.why);
  return result;
}
using Names = std::vector<std::string>;

TEST_F(KeyNames, IntrKeepsItsNames) {
  const NamedWeights weights =
      named({"transformer.decoder.norm.weight", "presence_vector.weight", "query_embed.weight"});
  EXPECT_EQ(weights.family, WeightFamily::intr);
  EXPECT_EQ(weights.root, "");
  EXPECT_EQ(weights.prefix, "");
  EXPECT_EQ(names(weights), (Names{"transformer.decoder.norm.weight", "presence_vector.weight",
                                   "query_embed.weight"}));
  EXPECT_TRUE(weights.dropped.empty());
  EXPECT_NE(weights.find("query_embed.weight"), nullptr);
  EXPECT_EQ(weights.find("query_embed.bias"), nullptr);
}

TEST_F(KeyNames, DetrLosesItsHeads) {
  const NamedWeights weights = named({"model/transformer.decoder.norm.weight",
                                      "model/class_embed.weight", "model/bbox_embed.layers.0.bias",
                                      "model/query_embed.weight", "optimizer/state/0/exp_avg"});
  EXPECT_EQ(weights.family, WeightFamily::detr);
  EXPECT_EQ(weights.root, "model");
  EXPECT_EQ(names(weights), (Names{"transformer.decoder.norm.weight", "query_embed.weight"}));
  EXPECT_EQ(dropped(weights), (Names{"class_embed.weight: DETR's class head",
                                     "bbox_embed.layers.0.bias: DETR's box head"}));
}

TEST_F(KeyNames, DetrWithoutItsHeadsIsStillDetr) {
  EXPECT_EQ(named({"transformer.decoder.norm.weight", "query_embed.weight"}).family,
            WeightFamily::detr);
}

TEST_F(KeyNames, PanopticFilesHaveAPrefixAndMoreHeads) {
  const NamedWeights weights =
      named({"detr.transformer.decoder.norm.weight", "detr.class_embed.weight",
             "bbox_attention.q_linear.weight", "mask_head.lay1.weight"});
  EXPECT_EQ(weights.family, WeightFamily::detr);
  EXPECT_EQ(weights.prefix, "detr.");
  EXPECT_EQ(names(weights), (Names{"transformer.decoder.norm.weight"}));
  EXPECT_EQ(dropped(weights), (Names{"detr.class_embed.weight: DETR's class head",
                                     "bbox_attention.q_linear.weight: a panoptic head",
                                     "mask_head.lay1.weight: a panoptic head"}));
}

TEST_F(KeyNames, APanopticFileInAWrapperHasBothPrefixes) {
  const NamedWeights weights =
      named({"module.detr.transformer.decoder.norm.weight", "module.detr.query_embed.weight",
             "module.mask_head.lay1.weight"});
  EXPECT_EQ(weights.prefix, "module.detr.");
  EXPECT_EQ(names(weights), (Names{"transformer.decoder.norm.weight", "query_embed.weight"}));
  EXPECT_EQ(dropped(weights), (Names{"module.mask_head.lay1.weight: a panoptic head"}));
}

TEST_F(KeyNames, PrefixesOfWrappersComeOff) {
  for (const std::string prefix : {"module.", "model.", "detr.", "module.detr."}) {
    const NamedWeights weights =
        named({prefix + "transformer.encoder.layers.0.norm1.bias", prefix + "presence_vector.bias",
               prefix + "presence_vector.weight"});
    EXPECT_EQ(weights.prefix, prefix);
    EXPECT_EQ(weights.family, WeightFamily::intr);
    EXPECT_EQ(weights.tensors[1].name, "presence_vector.bias");
  }
}

TEST_F(KeyNames, APrefixOfSomeKeysStays) {
  const NamedWeights weights = named({"module.presence_vector.weight", "presence_vector.bias"});
  EXPECT_EQ(weights.prefix, "");
  EXPECT_EQ(names(weights), (Names{"module.presence_vector.weight", "presence_vector.bias"}));
}

TEST_F(KeyNames, TorchvisionResNetsAreBackbones) {
  const NamedWeights weights =
      named({"conv1.weight", "bn1.running_var", "bn1.num_batches_tracked", "layer4.0.conv1.weight",
             "layer2.0.downsample.1.bias", "fc.weight", "fc.bias"});
  EXPECT_EQ(weights.family, WeightFamily::torchvision_resnet);
  EXPECT_EQ(names(weights),
            (Names{"backbone.0.body.conv1.weight", "backbone.0.body.bn1.running_var",
                   "backbone.0.body.layer4.0.conv1.weight",
                   "backbone.0.body.layer2.0.downsample.1.bias"}));
  EXPECT_EQ(dropped(weights),
            (Names{"bn1.num_batches_tracked: a count that frozen norms do not need",
                   "fc.weight: ImageNet's class head", "fc.bias: ImageNet's class head"}));
  EXPECT_EQ(refusal_of({"layer4.0.conv1.weight", "layer4.0.se.weight"}),
            "family torchvision-resnet: 1 key fits no rule: \"layer4.0.se.weight\". This naming is "
            "unknown; please report it");
}

TEST_F(KeyNames, StateDictsAreFoundBelowTheirKeys) {
  EXPECT_EQ(named({"state_dict/presence_vector.weight", "epoch"}).root, "state_dict");
  EXPECT_EQ(named({"model_state_dict/presence_vector.weight"}).root, "model_state_dict");
  // "model" comes first, but what stands there must be a model.
  EXPECT_EQ(named({"model/mean", "state_dict/presence_vector.weight"}).root, "state_dict");
  EXPECT_EQ(named({"model/mean", "presence_vector.weight"}).root, "");
  EXPECT_EQ(named({"model/mean", "scale"}).root, "model");
}

TEST_F(KeyNames, ATieIsRefusedWithItsCandidates) {
  EXPECT_EQ(refusal_of({"model/presence_vector.weight", "state_dict/presence_vector.weight",
                        "state_dict/query_embed.weight", "optimizer/state/0/exp_avg"}),
            "holds 2 state dicts: \"model\" (1 tensors, family intr), \"state_dict\" (2 tensors, "
            "family intr). Next: keep one of them and save the file again");
  EXPECT_EQ(refusal_of({"model/presence_vector.weight", "presence_vector.weight"}),
            "holds 2 state dicts: \"model\" (1 tensors, family intr), the top (1 tensors, family "
            "intr). Next: keep one of them and save the file again");
}

TEST_F(KeyNames, UnknownFamiliesKeepTheirKeys) {
  const NamedWeights weights = named({"module.a", "module.b.num_batches_tracked"});
  EXPECT_EQ(weights.family, WeightFamily::unknown);
  EXPECT_EQ(names(weights), (Names{"module.a", "module.b.num_batches_tracked"}));
  EXPECT_EQ(refusal({}), "holds no tensors");
}

TEST_F(KeyNames, HuggingFaceKeysAreTranslatedAndLeftoversRefused) {
  const NamedWeights weights =
      named({"class_labels_classifier.weight", "bbox_predictor.layers.0.weight",
             "model.query_position_embeddings.weight", "presence_vector.weight",
             "model.backbone.conv_encoder.model.bn1.num_batches_tracked"});
  EXPECT_EQ(weights.family, WeightFamily::hf_detr);
  EXPECT_EQ(names(weights), (Names{"query_embed.weight", "presence_vector.weight"}));
  EXPECT_EQ(weights.dropped.size(), 3U);
  EXPECT_EQ(refusal_of({"model.query_position_embeddings.weight",
                        "model.encoder.layers.0.mlp.fc1.weight", "model.encoder.new", "model.x"}),
            "family hf-detr: 3 keys fit no rule: \"model.encoder.layers.0.mlp.fc1.weight\", "
            "\"model.encoder.new\", \"model.x\". This naming is unknown; please report it");
  EXPECT_EQ(refusal_of({"model.query_position_embeddings.weight", "presence_vector.weight",
                        "query_position_embeddings.weight"}),
            "family hf-detr: \"model.query_position_embeddings.weight\" and "
            "\"query_position_embeddings.weight\" both name \"query_embed.weight\"");
}

TEST_F(KeyNames, AHuggingFaceFileWhoseKeysAllHaveThePrefix) {
  const NamedWeights weights =
      named({"model.query_position_embeddings.weight", "model.decoder.layernorm.weight"});
  EXPECT_EQ(weights.family, WeightFamily::hf_detr);
  EXPECT_EQ(names(weights), (Names{"query_embed.weight", "transformer.decoder.norm.weight"}));
}

const std::string kAttention = "model.encoder.layers.0.self_attn.";
const StoredTensor kQueries = zero_tensor("model.query_position_embeddings.weight", {7, 2});

TEST_F(KeyNames, QueryKeyAndValueRowsFollowOneAnother) {
  // The order of the file does not matter.
  const WeightFile weights =
      file({kQueries, f32_tensor(kAttention + "v_proj.weight", {2, 2}, {9, 10, 11, 12}),
            f32_tensor(kAttention + "q_proj.weight", {2, 2}, {1, 2, 3, 4}),
            f32_tensor(kAttention + "k_proj.weight", {2, 2}, {5, 6, 7, 8})});
  const NamedWeights named = name_weights(weights);
  const NamedTensor* joined = named.find("transformer.encoder.layers.0.self_attn.in_proj_weight");
  ASSERT_NE(joined, nullptr);
  EXPECT_EQ(joined->shape, (std::vector<std::int64_t>{6, 2}));
  EXPECT_EQ(joined->bytes(), 48U);
  std::vector<float> values(12);
  read(weights, *joined, std::as_writable_bytes(std::span(values)));
  EXPECT_EQ(values, (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_THROW(read(weights, *joined, std::as_writable_bytes(std::span(values).first(11))),
               InternalError);
}

TEST_F(KeyNames, HalfPrecisionIsConverted) {
  const WeightFile weights =
      file({kQueries, test::to_f16(f32_tensor(kAttention + "q_proj.bias", {2}, {0.5F, -2})),
            test::to_f16(f32_tensor(kAttention + "k_proj.bias", {2}, {1, 3})),
            test::to_f16(f32_tensor(kAttention + "v_proj.bias", {2}, {65504, 0}))});
  const NamedWeights named = name_weights(weights);
  const NamedTensor& joined = *named.find("transformer.encoder.layers.0.self_attn.in_proj_bias");
  EXPECT_EQ(joined.type, DType::f16);
  EXPECT_EQ(joined.bytes(), 12U);
  std::vector<float> values(6);
  read_f32(weights, joined, values);
  EXPECT_EQ(values, (std::vector<float>{0.5F, -2, 1, 3, 65504, 0}));
}

TEST_F(KeyNames, AQueryProjectionNeedsItsCompanions) {
  EXPECT_EQ(refusal({kQueries, zero_tensor(kAttention + "q_proj.weight", {2, 2}),
                     zero_tensor(kAttention + "v_proj.weight", {2, 2})}),
            "family hf-detr: projections are missing: "
            "\"model.encoder.layers.0.self_attn.k_proj.weight\"");
  EXPECT_EQ(refusal({kQueries, zero_tensor(kAttention + "q_proj.weight", {2, 2}),
                     zero_tensor(kAttention + "k_proj.weight", {3, 2}),
                     zero_tensor(kAttention + "v_proj.weight", {2, 2})}),
            "family hf-detr: \"model.encoder.layers.0.self_attn.q_proj.weight\" is F32 [2, 2] and "
            "\"model.encoder.layers.0.self_attn.k_proj.weight\" is F32 [3, 2]; q, k and v must be "
            "alike");
}

TEST_F(KeyNames, LongNamesAreCutInMessages) {
  const std::string key = "model." + std::string(200, 'x');
  EXPECT_NE(
      refusal_of({"model.query_position_embeddings.weight", key}).find(key.substr(0, 120) + "…\""),
      std::string::npos);
}

}  // namespace
}  // namespace intr
