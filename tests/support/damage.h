// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace intr::test {

/// Inverts every bit of one byte of a file.
inline void flip_byte(const std::string& path, std::uint64_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 0xff));
}

/// Cuts a file after `size` bytes.
inline void cut(const std::string& path, std::uint64_t size) {
  std::filesystem::resize_file(path, size);
}

}  // namespace intr::test
