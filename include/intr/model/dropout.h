// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace intr {

/// Dropout (Srivastava et al., JMLR 2014) together with what stands beside it, in one pass over
/// memory. Each call takes one 64-bit key from LibTorch's default CPU generator; which elements are
/// dropped follows from the key and the element's place in the tensor alone, not from threads.
/// Nothing but the key is kept for the backward pass. On GPUs these are LibTorch's own operations.
///
/// In each: @param rate share that is dropped, in [0, 1), rounded to 1/65,536 on the CPU.

/// residual + dropout(x). @param residual, x of one shape and type
at::Tensor add_dropped(const at::Tensor& residual, const at::Tensor& x, double rate);
/// dropout(max(x, 0)), in the memory of x.
at::Tensor relu_dropped(at::Tensor x, double rate);

/// max(y + x, 0), in the memory of y: what ends a residual block. @param y, x of one shape, type
/// and layout, else it takes two passes
at::Tensor add_relu(at::Tensor y, const at::Tensor& x);

/// The key that the next dropout works with. @return 64 random bits
std::uint64_t next_dropout_key();

}  // namespace intr
