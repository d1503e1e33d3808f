// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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
/// Whether values of this type are read as f32 weights: f64, f32, f16, bf16.
bool is_floating(DType type) noexcept;
/// The C++ type's tag; only for types that a C++ type stands for.
template <class T>
constexpr DType dtype_of();

/// A tensor of a weight file, without its bytes: a view of a storage. Two tensors of one storage
/// are aliases.
struct TensorEntry {
  std::string name;  ///< keys from the top, joined by "/": "optimizer/state/0/step"
  DType type = DType::f32;
  std::string type_name;  ///< as the file spells it
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> stride;  ///< in elements, of each dimension
  std::int64_t offset = 0;           ///< element of the storage where it begins
  std::size_t storage = 0;           ///< number of its storage in the file
  std::uint64_t bytes = 0;           ///< of all its values in a row; 0 if the type is not known

  std::int64_t num_values() const noexcept;
  bool is_row_major() const noexcept;
};

/// The stride of a row-major tensor.
std::vector<std::int64_t> row_major_stride(const std::vector<std::int64_t>& shape);

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
