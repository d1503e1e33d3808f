// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "intr/io/file_range.h"
#include "intr/weights/tensor_table.h"

namespace intr {

/// What a weight file may ask for before it is refused.
struct WeightLimits {
  std::uint64_t safetensors_header_bytes = 100'000'000;
  std::uint64_t tensors = 100'000;
  std::uint64_t tensor_bytes = std::uint64_t{8} << 30;  ///< of all tensors together
  std::int64_t dimensions = 8;
};

/// A safetensors file: 8 bytes of header length, a JSON header, the tensors' bytes without gap,
/// overlap or rest. Everything is checked before a tensor is read; nothing of the file is executed.
class SafetensorsFile {
 public:
  /// Reads and checks the header. @throws DataError naming the file, the byte or tensor, and what
  /// is wrong
  explicit SafetensorsFile(const std::string& path, const WeightLimits& limits = {});

  const std::string& path() const noexcept { return file_.path(); }
  /// In the order of their bytes.
  const std::vector<TensorEntry>& entries() const noexcept { return entries_; }
  /// The header's free text, `__metadata__`.
  const std::map<std::string, std::string>& metadata() const noexcept { return metadata_; }

  /// @throws DataError if there is no such tensor
  const TensorEntry& entry(const std::string& name) const;
  bool contains(const std::string& name) const;
  /// Copies a tensor's bytes, row-major and little-endian. @param out exactly entry.bytes long
  void read(const TensorEntry& entry, std::span<std::byte> out) const;
  /// A tensor's values. @throws DataError if its type is not T's
  template <class T>
  std::vector<T> values(const std::string& name) const {
    const TensorEntry& found = require_type(name, dtype_of<T>());
    std::vector<T> result(static_cast<std::size_t>(found.num_values()));
    read(found, std::as_writable_bytes(std::span(result)));
    return result;
  }

 private:
  const TensorEntry& require_type(const std::string& name, DType type) const;

  InputFile file_;
  std::vector<TensorEntry> entries_;
  std::map<std::string, std::size_t> by_name_;
  std::map<std::string, std::string> metadata_;
  std::uint64_t size_ = 0;
};

}  // namespace intr
