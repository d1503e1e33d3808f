// SPDX-License-Identifier: Apache-2.0
#include "value_conversion.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "intr/core/error.h"
#include "intr/core/half.h"

namespace intr {
namespace {

/// The i-th value; bytes may lie anywhere.
template <class T>
T load(std::span<const std::byte> bytes, std::size_t i) {
  T value;
  std::memcpy(&value, &bytes[i * sizeof(T)], sizeof(T));
  return value;
}
template <class T>
void store(std::span<std::byte> bytes, std::size_t i, T value) {
  std::memcpy(&bytes[i * sizeof(T)], &value, sizeof(T));
}

/// Calls visit(i, value) for each floating-point value, as the C++ type that holds it exactly.
template <class Visit>
void for_each_float(std::span<const std::byte> bytes, DType type, const Visit& visit) {
  const std::size_t count = bytes.size() / static_cast<std::size_t>(item_size(type));
  for (std::size_t i = 0; i < count; ++i) {
    if (type == DType::f64)
      visit(i, load<double>(bytes, i));
    else if (type == DType::f32)
      visit(i, load<float>(bytes, i));
    else if (type == DType::f16)
      visit(i, float_from_half(load<std::uint16_t>(bytes, i)));
    else
      visit(i, float_from_bfloat16(load<std::uint16_t>(bytes, i)));
  }
}

template <class T>
std::vector<double> integers_as_doubles(std::span<const std::byte> bytes) {
  std::vector<double> values(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(load<T>(bytes, i));
  return values;
}

}  // namespace

void convert_values(std::span<const std::byte> in, DType from, std::span<std::byte> out, DType to) {
  if (!is_floating(from) || !is_floating(to))
    throw InternalError("only floating-point values are converted", name_of(from));
  if (from == to) {
    std::ranges::copy(in, out.begin());
    return;
  }
  for_each_float(in, from, [&](std::size_t i, auto value) {
    if (to == DType::f64)
      store(out, i, static_cast<double>(value));
    else if (to == DType::f32)
      store(out, i, static_cast<float>(value));
    else if (to == DType::f16)
      store(out, i, half_from_float(static_cast<float>(value)));
    else
      store(out, i, bfloat16_from_float(static_cast<float>(value)));
  });
}

std::vector<double> as_doubles(std::span<const std::byte> bytes, DType type) {
  switch (type) {
    case DType::i64:
      return integers_as_doubles<std::int64_t>(bytes);
    case DType::i32:
      return integers_as_doubles<std::int32_t>(bytes);
    case DType::i16:
      return integers_as_doubles<std::int16_t>(bytes);
    case DType::i8:
      return integers_as_doubles<std::int8_t>(bytes);
    case DType::u8:
    case DType::boolean:
      return integers_as_doubles<std::uint8_t>(bytes);
    case DType::other:
      throw InternalError("values of no known type");
    default:
      break;
  }
  std::vector<double> values(bytes.size() / static_cast<std::size_t>(item_size(type)));
  for_each_float(bytes, type,
                 [&](std::size_t i, auto value) { values[i] = static_cast<double>(value); });
  return values;
}

}  // namespace intr
