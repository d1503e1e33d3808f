// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "intr/model/architecture.h"
#include "intr/weights/tensor_statistics.h"
#include "intr/weights/weight_facts.h"
#include "intr/weights/weight_file.h"

namespace intr {

/// Everything that `inspect` shows of a file.
struct Inspection {
  const WeightFile& file;
  std::optional<NamedWeights> weights = {};       ///< nothing if its keys fit no rule
  std::optional<Architecture> architecture = {};  ///< nothing for unknown families
  WeightFacts facts = {};
  std::int64_t parameters = 0;
  std::map<std::string, std::string> alias_of = {};  ///< tensors that share an earlier one's bytes
  std::vector<std::string> notes = {};               ///< what a careful reader would want to know
  /// With --stats.
  std::map<std::string, TensorStatistics> statistics = {};
  std::string sha256 = {};
};

nlohmann::ordered_json inspection_json(const Inspection& inspection);

}  // namespace intr
