// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace intr::test {

/// A number as little-endian bytes.
inline std::string little_endian(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(i < 8 ? number >> (8 * i) & 0xff : 0);
  return text;
}

/// Many copies of some bytes.
inline std::string repeated(std::string_view bytes, std::int64_t times) {
  std::string text;
  text.reserve(bytes.size() * static_cast<std::size_t>(times));
  for (std::int64_t i = 0; i < times; ++i) text += bytes;
  return text;
}

/// A tensor as a pickle asks for it: a view of a storage.
struct PickledTensor {
  std::string key = "0";
  std::int64_t numel = 4;  ///< values of the storage
  std::vector<std::int64_t> size = {4};
  std::vector<std::int64_t> stride = {1};
  std::int64_t offset = 0;
  std::string storage_class = "FloatStorage";
};

/// Writes a pickle of protocol 2 opcode by opcode, right or wrong.
class PickleBytes {
 public:
  PickleBytes& raw(std::string_view opcodes) {
    bytes_ += opcodes;
    return *this;
  }
  PickleBytes& text(std::string_view text) {
    return raw("X").raw(little_endian(text.size(), 4)).raw(text);
  }
  PickleBytes& integer(std::int64_t number) {
    if (number == static_cast<std::int32_t>(number))
      return raw("J").raw(little_endian(static_cast<std::uint64_t>(number), 4));
    return raw("\x8a\x08").raw(little_endian(static_cast<std::uint64_t>(number), 8));
  }
  PickleBytes& integers(const std::vector<std::int64_t>& numbers) {
    raw("(");
    for (const std::int64_t number : numbers) integer(number);
    return raw("t");
  }
  PickleBytes& global(std::string_view module, std::string_view name) {
    return raw("c").raw(module).raw("\n").raw(name).raw("\n");
  }
  PickleBytes& put(std::int64_t index) {
    return raw("r").raw(little_endian(static_cast<std::uint64_t>(index), 4));
  }
  PickleBytes& get(std::int64_t index) {
    return raw("j").raw(little_endian(static_cast<std::uint64_t>(index), 4));
  }
  /// @param legacy a legacy stream's storages have a sixth item, their view
  PickleBytes& tensor(const PickledTensor& tensor, bool legacy = false) {
    global("torch._utils", "_rebuild_tensor_v2").raw("((");
    text("storage").global("torch", tensor.storage_class).text(tensor.key).text("cpu");
    integer(tensor.numel).raw(legacy ? "NtQ" : "tQ");
    integer(tensor.offset).integers(tensor.size).integers(tensor.stride);
    return raw("\x89").global("collections", "OrderedDict").raw(")RtR");
  }
  /// All of it, with PROTO and STOP.
  std::string done() const { return bytes_ + '.'; }

 private:
  std::string bytes_ = "\x80\x02";
};

}  // namespace intr::test
