// SPDX-License-Identifier: Apache-2.0
#include "intr/model/initialization.h"

#include <ATen/ops/empty.h>

#include "counted_draws.h"
#include "intr/model/parameter_table.h"

namespace intr {

TensorMap initialize_from_scratch(const ModelConfig& config, std::uint64_t seed) {
  TensorMap tensors;
  for (const ParameterRow& row : parameter_table(config)) {
    const at::Tensor tensor = at::empty(row.shape, at::kFloat);
    auto* out = tensor.data_ptr<float>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i) out[i] = initial_value(row.initial, seed, i);
    tensors.emplace(row.name, tensor);
  }
  return tensors;
}

}  // namespace intr
