// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "intr/core/error.h"

namespace intr {

/// Values as bytes, for other ranks of the same program: nothing of it is ever stored.
class ByteWriter {
 public:
  template <class T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    append(&value, sizeof value);
  }
  void text(std::string_view value) {
    number(value.size());
    append(value.data(), value.size());
  }
  template <class T>
  void list(const std::vector<T>& values) {
    static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
    number(values.size());
    append(values.data(), values.size() * sizeof(T));
  }
  void texts(const std::vector<std::string>& values) {
    number(values.size());
    for (const std::string& value : values) text(value);
  }
  std::string take() { return std::move(bytes_); }

 private:
  void append(const void* data, std::size_t size) {
    if (size > 0) bytes_.append(static_cast<const char*>(data), size);
  }
  std::string bytes_;
};

/// Reads in the same order what a ByteWriter wrote. @throws InternalError where the bytes end
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T number() {
    T value{};
    copy(&value, sizeof value);
    return value;
  }
  std::string text() {
    std::string value(count(1), '\0');
    copy(value.data(), value.size());
    return value;
  }
  template <class T>
  std::vector<T> list() {
    std::vector<T> values(count(sizeof(T)));
    copy(values.data(), values.size() * sizeof(T));
    return values;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> values(count(sizeof(std::size_t)));
    for (std::string& value : values) value = text();
    return values;
  }
  bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::size_t count(std::size_t size_of_each) {
    const auto value = number<std::size_t>();
    if (value > rest_.size() / size_of_each) throw InternalError("a message of a rank is cut");
    return value;
  }
  void copy(void* out, std::size_t size) {
    if (size > rest_.size()) throw InternalError("a message of a rank is cut");
    if (size > 0) std::memcpy(out, rest_.data(), size);
    rest_.remove_prefix(size);
  }
  std::string_view rest_;
};

}  // namespace intr
