// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/core/half.h"

namespace intr::test {

/// A tensor to be written: its type as safetensors spells it, and its bytes.
struct StoredTensor {
  std::string name;
  std::string type = "F32";
  std::vector<std::int64_t> shape;
  std::string bytes;
};

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

inline StoredTensor f32_tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                               const std::vector<float>& values) {
  return {name, "F32", shape, bytes_of(values)};
}

/// Zeros.
inline StoredTensor zero_tensor(const std::string& name, const std::vector<std::int64_t>& shape) {
  std::size_t count = 1;
  for (const std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
  return {name, "F32", shape, std::string(4 * count, '\0')};
}

/// The same tensor in half precision.
inline StoredTensor to_f16(const StoredTensor& tensor) {
  std::vector<std::uint16_t> halves;
  for (std::size_t at = 0; at < tensor.bytes.size(); at += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, tensor.bytes.data() + at, sizeof value);
    halves.push_back(half_from_float(value));
  }
  return {tensor.name, "F16", tensor.shape, bytes_of(halves)};
}

/// Writes a safetensors file byte by byte, so that tests of readers need no writer of ours.
inline void write_safetensors_file(const std::string& path,
                                   const std::vector<StoredTensor>& tensors,
                                   const std::map<std::string, std::string>& metadata = {}) {
  auto header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const StoredTensor& tensor : tensors) {
    header[tensor.name] = {{"dtype", tensor.type},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  const std::string text = header.dump();
  const auto length = static_cast<std::uint64_t>(text.size());
  std::ofstream file(path, std::ios::binary);
  file.write(bytes_of(std::vector<std::uint64_t>{length}).data(), sizeof length);
  file << text;
  for (const StoredTensor& tensor : tensors) file << tensor.bytes;
}

}  // namespace intr::test
