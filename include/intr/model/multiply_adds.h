// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/core/image_size.h"
#include "intr/model/model_config.h"

namespace intr {

/// Multiply-adds of the products that a picture takes: convolutions, projections, attention. What
/// goes element by element is not counted.
struct MultiplyAdds {
  double frozen = 0;   ///< of the part that does not train
  double trained = 0;  ///< of all others
  double forward() const noexcept { return frozen + trained; }
  /// Forward and backward pass: each product that trains has two more, for its two factors.
  double step() const noexcept { return frozen + 3 * trained; }
};

/// @param padded the network's input  @param freeze none, stem or backbone
MultiplyAdds multiply_adds(const ModelConfig& config, ImageSize padded, const std::string& freeze);

}  // namespace intr
