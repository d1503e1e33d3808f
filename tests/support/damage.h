// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace intr::test {

/// Inverts those bits of one byte of a file that are set in a mask.
inline void invert(const std::string& path, std::uint64_t offset, int mask) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ mask));
}

/// Inverts every bit of one byte of a file.
inline void flip_byte(const std::string& path, std::uint64_t offset) { invert(path, offset, 0xff); }

/// Inverts one bit of a file, the lowest of its first byte being bit 0.
inline void flip_bit(const std::string& path, std::uint64_t bit) {
  invert(path, bit / 8, 1 << (bit % 8));
}

/// Cuts a file after `size` bytes.
inline void cut(const std::string& path, std::uint64_t size) {
  std::filesystem::resize_file(path, size);
}

}  // namespace intr::test
