// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace intr {

/// dropout(softmax(Q K^T / sqrt(d))) V on the CPU (Vaswani et al., NeurIPS 2017, eq. 1). A tile of
/// rows at a time goes from scores to results within the caches of one core, so neither weights nor
/// masks are kept: the backward pass makes them again, from the logarithm of each row's sum (Dao et
/// al., NeurIPS 2022, alg. 4) and the key of the dropout. Tiles follow from the rows
/// alone: without dropout a picture's result depends neither on the batch nor on the number of
/// threads.
/// @param query [B, N, rows, d], float32 or bfloat16  @param key, value [B, N, keys, d]  @param
/// allowed [B, 1, 1, keys] bool, true where a key may be looked at, or undefined  @param rate share
/// of the weights that is dropped, in [0, 1); 0 takes no random number
/// @return [B, N, rows, d], a view of [B, rows, N, d] in memory
at::Tensor fused_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                           const at::Tensor& allowed, double rate);

}  // namespace intr
