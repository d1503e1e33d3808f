// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/core/option_set.h"

namespace intr {

/// The architecture. Stored in checkpoints, so that evaluation, dump and prediction need no option.
struct ModelConfig {
  std::string backbone = "resnet50";        ///< resnet18, resnet34, resnet50, resnet101
  bool dilation = false;                    ///< stride 1 and dilation 2 in the last stage (DC5)
  std::int64_t backbone_stages = 4;         ///< 3 ends the backbone after layer 3, at stride 16
  std::string position_embedding = "sine";  ///< or learned
  std::int64_t enc_layers = 6;
  std::int64_t dec_layers = 6;
  std::int64_t hidden_dim = 256;
  std::int64_t nheads = 8;
  std::int64_t dim_feedforward = 2048;
  double dropout = 0.1;
  bool pre_norm = false;
  std::int64_t num_classes = 0;  ///< K; from the data, not an option
  std::int64_t queries_per_class = 1;
  std::string query_pooling = "max";  ///< max, mean, logsumexp
  std::int64_t image_size = 800;      ///< S of the transforms train:S and val:S

  std::int64_t num_queries() const noexcept { return num_classes * queries_per_class; }
  std::int64_t stride() const noexcept { return dilation || backbone_stages == 3 ? 16 : 32; }
  /// @throws UsageError naming the option
  void validate() const;
  bool operator==(const ModelConfig&) const = default;
};

/// Every value of `backbone`.
const std::vector<std::string>& backbone_names();

/// Adds the options of the group "Model".
void describe(ModelConfig& config, OptionSet& options);
/// Adds only those that a weight file may not tell, for programs that take a finished model.
void describe_untold(ModelConfig& config, OptionSet& options);
nlohmann::ordered_json to_json(const ModelConfig& config);
/// The option of a field of that JSON: "hidden-dim" of "hidden_dim".
std::string flag_of(std::string field);
/// @param where the file it comes from, for messages. @throws DataError
ModelConfig model_config_from_json(const nlohmann::ordered_json& json, const std::string& where);

}  // namespace intr
