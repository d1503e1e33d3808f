// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace intr {

/// Element types of stored tensors. `other` stands for types that are listed but not read.
enum class DType : std::uint8_t { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean, other };

/// Bytes of one element; 0 for `other`.
std::int64_t item_size(DType type) noexcept;
/// "f32", "bool", …
std::string name_of(DType type);
/// The C++ type's tag; only for types that a C++ type stands for.
template <class T>
constexpr DType dtype_of();

/// A tensor of a weight file, without its bytes. Row-major.
struct TensorEntry {
  std::string name;
  DType type = DType::f32;
  std::string type_name;  ///< as the file spells it
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  ///< first byte in the file
  std::uint64_t bytes = 0;

  std::int64_t num_values() const noexcept;
};

template <>
constexpr DType dtype_of<double>() {
  return DType::f64;
}
template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return DType::i64;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::i32;
}
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::u8;
}

}  // namespace intr
