// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "intr/model/row_kernels.h"

namespace intr {

/// What a forward pass leaves for its backward pass, to make the same mask again.
inline void keep_mask(torch::autograd::AutogradContext& context, std::uint64_t key, double rate) {
  context.saved_data["key"] = static_cast<std::int64_t>(key);
  context.saved_data["rate"] = rate;
}
inline DropoutMask kept_mask(torch::autograd::AutogradContext& context) {
  return make_dropout_mask(context.saved_data["rate"].toDouble(),
                           static_cast<std::uint64_t>(context.saved_data["key"].toInt()));
}

}  // namespace intr
