// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace intr {

/// Which elements a dropout keeps: element e of tensor `key` stays if its 16-bit draw is at least
/// `threshold`. Draws are Threefry4x32-20 (Salmon et al., SC 2011): functions of key and place,
/// whatever processor, order and number of threads compute them.
struct DropoutMask {
  std::uint64_t key = 0;
  std::uint32_t threshold = 0;  ///< of 65,536
  float scale = 1;              ///< of what stays
};
/// @param rate the share that is dropped, in [0, 1); rounded to 1/65,536
DropoutMask make_dropout_mask(double rate, std::uint64_t key);

/// Elements that share a counter of the generator. Kernels work on whole units.
inline constexpr std::int64_t kMaskUnit = 128;

/// Rows of scores, weights and their gradients have room for a multiple of this.
inline constexpr std::int64_t kRowStep = 16;

/// bfloat16 numbers as their bits.
using Bfloat16Bits = std::uint16_t;

/// Kernels over elements and over rows. Elements [begin, end) of a tensor; `begin` is a multiple of
/// kMaskUnit, `end` too or the tensor's end.
template <class T>
struct TypedRowKernels {
  /// y = x kept and scaled, or 0
  void (*drop)(const T* x, T* y, std::int64_t begin, std::int64_t end, const DropoutMask& mask);
  /// y = residual + (x kept and scaled, or 0)
  void (*add_dropped)(const T* residual, const T* x, T* y, std::int64_t begin, std::int64_t end,
                      const DropoutMask& mask);
  /// x = max(x, 0) kept and scaled, or 0
  void (*relu_drop)(T* x, std::int64_t begin, std::int64_t end, const DropoutMask& mask);
  /// gradient of x above: grad scaled where y is not 0
  void (*relu_drop_backward)(const T* grad, const T* y, T* out, std::int64_t begin,
                             std::int64_t end, float scale);
  /// y = max(y + x, 0)
  void (*add_relu)(T* y, const T* x, std::int64_t begin, std::int64_t end);

  /// A row of attention scores becomes weights, dropped: softmax(scale * scores), 0 where a key is
  /// not allowed. Scores are overwritten; weights may have their memory. Rows have room for a
  /// multiple of kRowStep: what is written behind the keys is 0.
  /// @param allowed a byte a key, or null  @param row its number in the tensor
  /// @return log of the sum of exp(scale * score)
  float (*softmax_drop)(float* scores, T* weights, std::int64_t keys, const std::uint8_t* allowed,
                        float scale, std::int64_t row, const DropoutMask& mask);
  /// Its gradient: the dropped weights again, and from `grad`, the gradient of these, that of the
  /// products of queries and keys. Each may have the memory of what it is made from.
  /// @param log_sum what softmax_drop returned  @param delta sum over keys of grad * dropped weight
  void (*softmax_drop_backward)(const float* scores, const float* grad, T* weights, T* change,
                                std::int64_t keys, const std::uint8_t* allowed, float scale,
                                float log_sum, float delta, std::int64_t row,
                                const DropoutMask& mask);
};

struct RowKernels {
  std::string name;  ///< "default", "avx2", "avx512"
  TypedRowKernels<float> f32;
  TypedRowKernels<Bfloat16Bits> bf16;
  /// The 128 draws of a unit, for tests.
  void (*draws)(std::uint64_t key, std::uint64_t unit, std::uint16_t* draws);

  template <class T>
  const TypedRowKernels<T>& of() const;
};
template <>
inline const TypedRowKernels<float>& RowKernels::of<float>() const {
  return f32;
}
template <>
inline const TypedRowKernels<Bfloat16Bits>& RowKernels::of<Bfloat16Bits>() const {
  return bf16;
}

/// Those that this processor can run, the fastest last. All give the same bits.
const std::vector<RowKernels>& all_row_kernels();
inline const RowKernels& row_kernels() { return all_row_kernels().back(); }

}  // namespace intr
