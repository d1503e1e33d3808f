// SPDX-License-Identifier: Apache-2.0
#include "family_rules.h"

#include <algorithm>

namespace intr {
namespace {

struct DroppedPart {
  WeightFamily family;
  std::string_view begins;
  std::string_view why;
};
constexpr std::string_view kPanoptic = "a panoptic head";
constexpr DroppedPart kDroppedParts[] = {
    {WeightFamily::detr, "class_embed.", "DETR's class head"},
    {WeightFamily::detr, "bbox_embed.", "DETR's box head"},
    {WeightFamily::detr, "bbox_attention.", kPanoptic},
    {WeightFamily::detr, "mask_head.", kPanoptic},
    {WeightFamily::hf_detr, "class_labels_classifier.", "DETR's class head"},
    {WeightFamily::hf_detr, "bbox_predictor.", "DETR's box head"},
    {WeightFamily::hf_detr, "bbox_attention.", kPanoptic},
    {WeightFamily::hf_detr, "mask_head.", kPanoptic},
    {WeightFamily::torchvision_resnet, "fc.", "ImageNet's class head"},
};

bool is_panoptic(std::string_view key) {
  return key.starts_with("bbox_attention.") || key.starts_with("mask_head.");
}

/// Whether all keys, once a prefix is off, begin with a word.
bool all_begin(const std::vector<RootKey>& keys, const std::string& prefix, const char* word) {
  bool any = false;
  for (const RootKey& stored : keys) {
    const std::string key = without_prefix(stored.key, prefix);
    if (key.starts_with(word))
      any = true;
    else if (!is_panoptic(key))
      return false;
  }
  return any;
}

}  // namespace

std::string common_prefix(const std::vector<RootKey>& keys) {
  std::string prefix;
  for (const char* word : {"module.", "model.", "detr."})
    if (all_begin(keys, prefix, word)) prefix += word;
  return prefix;
}

std::string without_prefix(const std::string& key, const std::string& prefix) {
  std::size_t begin = 0;
  while (begin < prefix.size()) {
    const std::size_t end = prefix.find('.', begin) + 1;
    if (key.compare(begin, end - begin, prefix, begin, end - begin) != 0) break;
    begin = end;
  }
  return key.substr(begin);
}

WeightFamily recognize_family(const std::vector<RootKey>& keys, const std::string& prefix) {
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(
        keys, [&](const RootKey& key) { return without_prefix(key.key, prefix) == name; });
  };
  const auto begins = [&](std::string_view part) {
    return std::ranges::any_of(keys, [&](const RootKey& key) {
      return without_prefix(key.key, prefix).starts_with(part);
    });
  };
  if (has("model.query_position_embeddings.weight") || has("query_position_embeddings.weight"))
    return WeightFamily::hf_detr;
  if (begins("presence_vector.")) return WeightFamily::intr;
  // DETR's files, and what is left of them when someone took the heads off.
  if (begins("transformer.") && (has("class_embed.weight") || has("query_embed.weight")))
    return WeightFamily::detr;
  if (has("layer4.0.conv1.weight") && !begins("transformer."))
    return WeightFamily::torchvision_resnet;
  return WeightFamily::unknown;
}

std::string_view reason_to_drop(WeightFamily family, std::string_view key) {
  if (family == WeightFamily::unknown) return {};
  if (key.ends_with(".num_batches_tracked")) return "a count that frozen norms do not need";
  for (const DroppedPart& part : kDroppedParts)
    if (part.family == family && key.starts_with(part.begins)) return part.why;
  return {};
}

}  // namespace intr
