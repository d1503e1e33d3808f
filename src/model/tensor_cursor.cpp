// SPDX-License-Identifier: Apache-2.0
#include "intr/model/tensor_cursor.h"

#include <ATen/ops/layer_norm.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "intr/core/error.h"
#include "intr/model/pointwise.h"

namespace intr {

TensorCursor::TensorCursor(const std::vector<ParameterRow>& table, const TensorMap& tensors)
    : table_(table), tensors_(tensors) {
  for (const ParameterRow& row : table) {
    const auto found = tensors.find(row.name);
    if (found == tensors.end()) throw InternalError("no tensor was given", row.name);
    if (!found->second.sizes().equals(row.shape))
      throw InternalError(
          fmt::format("has the shape [{}], the model needs [{}]",
                      fmt::join(found->second.sizes(), ", "), fmt::join(row.shape, ", ")),
          row.name);
  }
}

at::Tensor TensorCursor::next() {
  if (position_ == table_.size()) throw InternalError("the parameter table ended early");
  return tensors_.at(table_[position_++].name);
}

void TensorCursor::require_end() const {
  if (position_ != table_.size())
    throw InternalError("the model did not take this tensor", table_[position_].name);
}

at::Tensor linear(const Affine& map, const at::Tensor& x) {
  return linear_in_type_of(x, map.weight, map.bias);
}

at::Tensor layer_norm(const Affine& norm, const at::Tensor& x) {
  return at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, 1e-5);
}

}  // namespace intr
