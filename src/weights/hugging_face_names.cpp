// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/hugging_face_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace intr {
namespace {

/// One rule, read from left to right and from right to left. '#' stands for a number, '^' for the
/// same number plus one, '*' for the last word. Numbers stand in the same order on both sides.
struct Rule {
  std::string_view theirs;
  std::string_view ours;
  std::size_t part = 0;
  std::size_t num_parts = 1;
};

// Going from ours to theirs the first rule counts: the backbone's names of timm.
constexpr Rule kRules[] = {
    {"presence_vector.*", "presence_vector.*"},
    {"model.query_position_embeddings.weight", "query_embed.weight"},
    {"model.input_projection.*", "input_proj.*"},

    {"model.encoder.layers.#.self_attn.q_proj.*",
     "transformer.encoder.layers.#.self_attn.in_proj_*", 0, 3},
    {"model.encoder.layers.#.self_attn.k_proj.*",
     "transformer.encoder.layers.#.self_attn.in_proj_*", 1, 3},
    {"model.encoder.layers.#.self_attn.v_proj.*",
     "transformer.encoder.layers.#.self_attn.in_proj_*", 2, 3},
    {"model.encoder.layers.#.self_attn.out_proj.*",
     "transformer.encoder.layers.#.self_attn.out_proj.*"},
    {"model.encoder.layers.#.fc1.*", "transformer.encoder.layers.#.linear1.*"},
    {"model.encoder.layers.#.fc2.*", "transformer.encoder.layers.#.linear2.*"},
    {"model.encoder.layers.#.self_attn_layer_norm.*", "transformer.encoder.layers.#.norm1.*"},
    {"model.encoder.layers.#.final_layer_norm.*", "transformer.encoder.layers.#.norm2.*"},
    {"model.encoder.layernorm.*", "transformer.encoder.norm.*"},

    {"model.decoder.layers.#.self_attn.q_proj.*",
     "transformer.decoder.layers.#.self_attn.in_proj_*", 0, 3},
    {"model.decoder.layers.#.self_attn.k_proj.*",
     "transformer.decoder.layers.#.self_attn.in_proj_*", 1, 3},
    {"model.decoder.layers.#.self_attn.v_proj.*",
     "transformer.decoder.layers.#.self_attn.in_proj_*", 2, 3},
    {"model.decoder.layers.#.self_attn.out_proj.*",
     "transformer.decoder.layers.#.self_attn.out_proj.*"},
    {"model.decoder.layers.#.encoder_attn.q_proj.*",
     "transformer.decoder.layers.#.multihead_attn.in_proj_*", 0, 3},
    {"model.decoder.layers.#.encoder_attn.k_proj.*",
     "transformer.decoder.layers.#.multihead_attn.in_proj_*", 1, 3},
    {"model.decoder.layers.#.encoder_attn.v_proj.*",
     "transformer.decoder.layers.#.multihead_attn.in_proj_*", 2, 3},
    {"model.decoder.layers.#.encoder_attn.out_proj.*",
     "transformer.decoder.layers.#.multihead_attn.out_proj.*"},
    {"model.decoder.layers.#.fc1.*", "transformer.decoder.layers.#.linear1.*"},
    {"model.decoder.layers.#.fc2.*", "transformer.decoder.layers.#.linear2.*"},
    {"model.decoder.layers.#.self_attn_layer_norm.*", "transformer.decoder.layers.#.norm1.*"},
    {"model.decoder.layers.#.encoder_attn_layer_norm.*", "transformer.decoder.layers.#.norm2.*"},
    {"model.decoder.layers.#.final_layer_norm.*", "transformer.decoder.layers.#.norm3.*"},
    {"model.decoder.layernorm.*", "transformer.decoder.norm.*"},

    {"model.backbone.conv_encoder.model.conv1.weight", "backbone.0.body.conv1.weight"},
    {"model.backbone.conv_encoder.model.bn1.*", "backbone.0.body.bn1.*"},
    {"model.backbone.conv_encoder.model.layer#.#.conv#.weight",
     "backbone.0.body.layer#.#.conv#.weight"},
    {"model.backbone.conv_encoder.model.layer#.#.bn#.*", "backbone.0.body.layer#.#.bn#.*"},
    {"model.backbone.conv_encoder.model.layer#.#.downsample.0.weight",
     "backbone.0.body.layer#.#.downsample.0.weight"},
    {"model.backbone.conv_encoder.model.layer#.#.downsample.1.*",
     "backbone.0.body.layer#.#.downsample.1.*"},
    {"model.backbone.position_embedding.row_embeddings.weight", "backbone.1.row_embed.weight"},
    {"model.backbone.position_embedding.column_embeddings.weight", "backbone.1.col_embed.weight"},

    {"model.backbone.conv_encoder.model.embedder.embedder.convolution.weight",
     "backbone.0.body.conv1.weight"},
    {"model.backbone.conv_encoder.model.embedder.embedder.normalization.*",
     "backbone.0.body.bn1.*"},
    {"model.backbone.conv_encoder.model.encoder.stages.#.layers.#.layer.#.convolution.weight",
     "backbone.0.body.layer^.#.conv^.weight"},
    {"model.backbone.conv_encoder.model.encoder.stages.#.layers.#.layer.#.normalization.*",
     "backbone.0.body.layer^.#.bn^.*"},
    {"model.backbone.conv_encoder.model.encoder.stages.#.layers.0.shortcut.convolution.weight",
     "backbone.0.body.layer^.0.downsample.0.weight"},
    {"model.backbone.conv_encoder.model.encoder.stages.#.layers.0.shortcut.normalization.*",
     "backbone.0.body.layer^.0.downsample.1.*"},
};

/// What stood for the signs of a pattern.
struct Found {
  std::array<std::int64_t, 3> numbers{};
  std::size_t num_numbers = 0;
  std::string_view word;
};

bool is_last_word(std::string_view word) {
  constexpr std::string_view kWords[] = {"weight", "bias", "running_mean", "running_var"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

/// Takes a number without leading zeros from the front of a text.
std::optional<std::int64_t> take_number(std::string_view& text) {
  constexpr std::size_t kMostDigits = 6;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || digits > kMostDigits || text[0] == '-') return {};
  if (text[0] == '0' && digits > 1) return {};
  text.remove_prefix(digits);
  return number;
}

std::optional<Found> match(std::string_view pattern, std::string_view key) {
  Found found;
  for (const char sign : pattern) {
    if (sign == '*') {
      if (!is_last_word(key)) return {};
      found.word = key;
      return found;
    }
    if (sign == '#' || sign == '^') {
      const std::optional<std::int64_t> number = take_number(key);
      if (!number || *number < (sign == '^' ? 1 : 0)) return {};
      found.numbers[found.num_numbers++] = sign == '^' ? *number - 1 : *number;
      continue;
    }
    if (key.empty() || key.front() != sign) return {};
    key.remove_prefix(1);
  }
  if (!key.empty()) return {};
  return found;
}

std::string fill(std::string_view pattern, const Found& found) {
  std::string name;
  std::size_t next = 0;
  for (const char sign : pattern) {
    if (sign == '*')
      name += found.word;
    else if (sign == '#' || sign == '^')
      name += fmt::format("{}", found.numbers[next++] + (sign == '^' ? 1 : 0));
    else
      name += sign;
  }
  return name;
}

}  // namespace

std::optional<OurRows> our_rows(std::string_view hugging_face_key) {
  const std::string below_model = "model." + std::string(hugging_face_key);
  for (const std::string_view key : {hugging_face_key, std::string_view(below_model)})
    for (const Rule& rule : kRules)
      if (const std::optional<Found> found = match(rule.theirs, key))
        return OurRows{fill(rule.ours, *found), rule.part, rule.num_parts};
  return {};
}

std::vector<RenamedRows> hugging_face_parts(std::string_view our_name, std::int64_t rows) {
  std::vector<RenamedRows> parts;
  for (const Rule& rule : kRules) {
    const std::optional<Found> found = match(rule.ours, our_name);
    if (!found) continue;
    const std::int64_t each = rows / static_cast<std::int64_t>(rule.num_parts);
    parts.push_back({fill(rule.theirs, *found), each * static_cast<std::int64_t>(rule.part), each});
    if (parts.size() == rule.num_parts) break;
  }
  return parts;
}

}  // namespace intr
