// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_score_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "intr/attention/geometry.h"
#include "intr/core/error.h"
#include "intr/core/whole_number.h"

namespace intr {

namespace {

constexpr std::int64_t kMany = std::int64_t{1} << 40;

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words(1);
  for (const char c : list) {
    if (c == ',')
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

void validate_measures(const std::string& measures) {
  const std::vector<std::string> words = words_of(measures);
  for (const std::string& word : words) {
    require_choice("measures", word, {"curves", "heads", "values", "randomization"});
    if (std::ranges::count(words, word) > 1)
      throw UsageError(fmt::format("'{}' stands there twice", word), "--measures",
                       "name each measure once");
  }
}

void validate_map(const std::string& map) {
  if (map == "mean" || map == "value" || map == "rollout" || head_of(map)) return;
  throw UsageError(fmt::format("'{}' is none of: mean, head:N, value, rollout", map), "--map",
                   "N is a head's number, counted from 0, such as head:3");
}

}  // namespace

std::optional<std::int32_t> head_of(const std::string& map) {
  constexpr std::string_view kHead = "head:";
  if (!map.starts_with(kHead)) return {};
  const auto head = whole_number(std::string_view(map).substr(kHead.size()));
  if (!head || *head > std::numeric_limits<std::int32_t>::max()) return {};
  return static_cast<std::int32_t>(*head);
}

bool ModelScoreOptions::wants(const std::string& measure) const {
  const std::vector<std::string> words = words_of(measures);
  return std::ranges::find(words, measure) != words.end();
}

void describe(ModelScoreOptions& options, OptionSet& set) {
  set.group("What is measured")
      .add("measures", options.measures,
           "joined by commas: curves (deletion and insertion: how fast the class goes as cells of "
           "the picture go, and how fast it comes back), heads (what the class loses without each "
           "head of attention), values (what each place adds to the class), randomization (whether "
           "maps change as the network's weights are made random)")
      .add("target", options.target, "class whose evidence is looked at: predicted or true")
      .add("layer", options.layer,
           "decoder layer of maps and heads, by its number in the model; -1 = last. values are "
           "always of the last one")
      .add("map", options.map,
           "what orders the cells of curves: mean (of the heads) or head:N, as in the dump; "
           "rollout, where the dump was made with --encoder rollout; or value, computed here: what "
           "each place adds to the class")
      .add("ablate", options.ablate,
           "what the attention of a head that is taken away becomes: uniform (the same for all "
           "cells) or zero")
      .add("geometry", options.geometry,
           "where cells lie: receptive (what they look at) or stretch (the grid over the picture)")
      .add("batch-size", options.batch_size,
           "most pictures of a forward pass, on each rank; limits memory")
      .add("replicates", options.replicates, "of the bootstrap; 0 = no intervals")
      .group("Which samples")
      .add("samples", options.samples, "so many samples of the dump, drawn by --seed; 0 = all")
      .add("randomization-samples", options.randomization_samples,
           "so many of them for randomization: the first ones drawn")
      .add("seed", options.seed,
           "of the samples, random orders of cells, random weights and the bootstrap");
}

void validate(const ModelScoreOptions& options) {
  validate_measures(options.measures);
  require_choice("target", options.target, {"predicted", "true"});
  require_range("layer", options.layer, -1, std::numeric_limits<std::int32_t>::max());
  validate_map(options.map);
  require_choice("ablate", options.ablate, {"uniform", "zero"});
  geometry_named(options.geometry);
  require_range("batch-size", options.batch_size, 1, 65'536);
  require_range("replicates", options.replicates, 0, 1'000'000);
  require_range("samples", options.samples, 0, kMany);
  require_range("randomization-samples", options.randomization_samples, 1, kMany);
  require_range("seed", options.seed, 0, std::int64_t{1} << 62);
}

}  // namespace intr
