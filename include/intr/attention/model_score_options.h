// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "intr/core/option_set.h"

namespace intr {

/// What `intr-score model` measures, and how.
struct ModelScoreOptions {
  std::string measures = "curves,heads,values,randomization";  ///< which of them, by commas
  std::int64_t samples = 200;               ///< of the dump, drawn by counter; 0 = all
  std::int64_t randomization_samples = 50;  ///< of them, the first ones drawn
  std::string target = "predicted";         ///< or true: whose evidence is looked at
  std::int64_t layer = -1;                  ///< decoder layer, number in the model; -1 = last
  std::string map = "mean";                 ///< head:N, value, rollout: what orders cells in curves
  std::string ablate = "uniform";           ///< or zero: what a head's attention becomes
  std::string geometry = "receptive";       ///< or stretch
  std::int64_t batch_size = 12;             ///< pictures of a forward pass, at most
  std::int64_t replicates = 2000;           ///< of the bootstrap; 0 = no intervals
  std::int64_t seed = 0;  ///< of samples, random orders, random weights, bootstrap

  bool wants(const std::string& measure) const;  ///< whether `measures` names it
};
/// The number in "head:N"; nothing if the map is another one.
std::optional<std::int32_t> head_of(const std::string& map);
/// Adds the groups "What is measured" and "Which samples".
void describe(ModelScoreOptions& options, OptionSet& set);
/// @throws UsageError naming the option
void validate(const ModelScoreOptions& options);

}  // namespace intr
