// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

#include "intr/model/tensor_cursor.h"

namespace intr {

/// What one decoder layer's cross-attention saw and gave: enough to compute the weights of any
/// query afterwards, and to go on as if it had given something else. All are float32.
struct CrossAttentionCapture {
  std::int64_t layer = 0;
  at::Tensor query;     ///< [B, N, C, D/N], already scaled by 1/sqrt(D/N)
  at::Tensor key;       ///< [B, N, S, D/N], cells row-major
  at::Tensor value;     ///< [B, N, S, D/N]
  at::Tensor mixed{};   ///< [B, N, C, D/N], sums of values by weight, before the output projection
  at::Tensor output{};  ///< [B, C, D], after it
  at::Tensor state{};   ///< [B or 1, C, D], what the output is added to
};

/// What the layers of a forward pass share: dropout, whose keys LibTorch's default generator gives,
/// and the type that products are computed in. Layers take and return float32: norms, residuals and
/// positions stay there, and gradients of the weights arrive there.
struct LayerMode {
  double dropout = 0;
  bool training = false;
  at::ScalarType products = at::kFloat;

  double active_dropout() const noexcept { return training ? dropout : 0.0; }
  /// x + dropout(change)
  at::Tensor add_dropped(const at::Tensor& x, const at::Tensor& change) const;
  /// The factor of a product.
  at::Tensor factor(const at::Tensor& x) const { return x.to(products); }
};

/// Multi-head attention (Vaswani et al. 2017, sec. 3.2.2). Weights are never stored: LibTorch's
/// fused kernel and, with dropout, ours make them piece by piece.
struct MultiheadAttention {
  MultiheadAttention(std::int64_t nheads, TensorCursor& tensors);

  /// Attention within one sequence; queries and keys are made of `with_position`, values of `x`.
  /// @param with_position, x [B, rows, D]
  /// @param allowed [B, 1, 1, rows] bool, true where a key may be looked at; undefined: everywhere
  /// @param mean_weights the weights' mean over the heads is written there, [B, rows, rows]
  /// float32, unless it is null
  /// @return [B, rows, D]
  at::Tensor self(const at::Tensor& with_position, const at::Tensor& x, const at::Tensor& allowed,
                  const LayerMode& mode, at::Tensor* mean_weights = nullptr) const;
  /// Attention of queries over the memory.
  /// @param query [B or 1, C, D]  @param memory [B or 1, S, D]
  /// @param allowed [B or 1, 1, 1, S] or undefined
  /// @param capture filled with all but its state, unless it is null
  /// @return [B, C, D]
  at::Tensor cross(const at::Tensor& query, const at::Tensor& memory, const at::Tensor& allowed,
                   const LayerMode& mode, CrossAttentionCapture* capture) const;

  std::int64_t num_heads;
  at::Tensor in_proj_weight;  ///< [3D, D]: rows of q, k, v
  at::Tensor in_proj_bias;    ///< [3D]
  Affine out_proj;            ///< [D, D], [D]

 private:
  /// Projects with the first `count` of q, k, v from one factor and with the others from another,
  /// each in one product. @return q, k, v: [B, N, rows, D/N] each, in the type of the factors
  std::array<at::Tensor, 3> project(std::int64_t count, const at::Tensor& factor,
                                    const at::Tensor& other) const;
  /// The output projection. @param mixed [B, N, rows, D/N]  @return [B, rows, D] float32
  at::Tensor join_heads(const at::Tensor& mixed) const;
};

/// linear2(drop(relu(linear1(x)))): the second half of each layer. @param x [B, rows, D]
at::Tensor feed_forward(const Affine& linear1, const Affine& linear2, const at::Tensor& x,
                        const LayerMode& mode);

}  // namespace intr
