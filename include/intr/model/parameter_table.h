// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/model/model_config.h"

namespace intr {

/// One entry of the published state dict.
struct ParameterRow {
  std::string name;
  std::vector<std::int64_t> shape;
  bool buffer = false;        ///< a frozen norm's constant: never trained, always saved
  std::uint8_t group = 0;     ///< 0 outside the backbone, 1 backbone (learning-rate group)
  bool decay_exempt = false;  ///< biases, norms and 1-d tensors, for --no-decay norm-bias
};

/// Every entry of the state dict in the published order, which is also the order in files and in
/// the optimizer. The one place where names are spelled.
std::vector<ParameterRow> parameter_table(const ModelConfig& config);

/// Whether `--freeze` holds this parameter fixed. @param freeze none, stem or backbone
bool is_frozen(const std::string& name, const std::string& freeze);

}  // namespace intr
