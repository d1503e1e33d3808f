// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/tensor_table.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace intr {

std::int64_t item_size(DType type) noexcept {
  switch (type) {
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f16:
    case DType::bf16:
    case DType::i16:
      return 2;
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      return 1;
    case DType::other:
      break;
  }
  return 0;
}

std::string name_of(DType type) {
  static const char* const kNames[] = {"f64", "f32", "f16", "bf16", "i64",  "i32",
                                       "i16", "i8",  "u8",  "bool", "other"};
  return kNames[static_cast<std::size_t>(type)];
}

bool is_floating(DType type) noexcept {
  return type == DType::f64 || type == DType::f32 || type == DType::f16 || type == DType::bf16;
}

std::vector<std::int64_t> row_major_stride(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> stride(shape.size(), 1);
  // An empty tensor may have any other sizes, so products may overflow; its stride is never used.
  for (std::size_t d = shape.size(); d-- > 1;)
    if (__builtin_mul_overflow(stride[d], shape[d], &stride[d - 1])) stride[d - 1] = 0;
  return stride;
}

bool TensorEntry::is_row_major() const noexcept {
  if (num_values() == 0) return true;
  std::int64_t expected = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    if (shape[d] > 1 && stride[d] != expected) return false;
    expected *= shape[d];
  }
  return true;
}

std::int64_t TensorEntry::num_values() const noexcept {
  // An empty tensor may have any other sizes, whose product need not be a number.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

}  // namespace intr
