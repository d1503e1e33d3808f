// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "intr/model/parameter_table.h"

namespace intr {

/// State-dict name to tensor.
using TensorMap = std::map<std::string, at::Tensor>;

/// Hands out a model's tensors in the order of its parameter table. The structs of the model
/// declare their members in that order and take them one by one, so that names stay in the table.
class TensorCursor {
 public:
  /// @throws InternalError if a tensor is missing or of another shape
  TensorCursor(const std::vector<ParameterRow>& table, const TensorMap& tensors);
  /// The next tensor. @throws InternalError past the end
  at::Tensor next();
  /// @throws InternalError if tensors are left: a struct disagrees with the table
  void require_end() const;

 private:
  const std::vector<ParameterRow>& table_;
  const TensorMap& tensors_;
  std::size_t position_ = 0;
};

/// A linear map or a layer norm: the two have the same members.
struct Affine {
  explicit Affine(TensorCursor& tensors) : weight(tensors.next()), bias(tensors.next()) {}
  at::Tensor weight;
  at::Tensor bias;
};

/// @param x [B, rows, in]  @return [B, rows, out], in the type of x
at::Tensor linear(const Affine& map, const at::Tensor& x);
/// Layer normalization over the last axis (Ba et al. 2016), eps 1e-5. @param x [..., D]
at::Tensor layer_norm(const Affine& norm, const at::Tensor& x);

}  // namespace intr
