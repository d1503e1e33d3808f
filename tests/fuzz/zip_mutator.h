// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "weights/torch_bytes.h"

namespace intr::test {

/// The entries of a zip file that is whole; nothing if it is not.
inline std::optional<std::vector<ZipEntry>> zip_entries(std::string_view file) {
  const auto number = [&](std::size_t at, int bytes) -> std::size_t {
    std::size_t value = 0;
    for (int i = bytes; i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(file[at + static_cast<std::size_t>(i)]);
    return value;
  };
  const std::size_t end = file.rfind("PK\x05\x06");
  if (end == std::string_view::npos || file.size() - end < 22) return {};
  std::vector<ZipEntry> entries;
  std::size_t at = number(end + 16, 4);
  for (std::size_t left = number(end + 10, 2); left > 0; --left) {
    if (at + 46 > file.size()) return {};
    const std::size_t name = number(at + 28, 2);
    const std::size_t header = number(at + 42, 4);
    const std::size_t bytes = number(at + 24, 4);
    if (at + 46 + name > file.size() || header + 30 > file.size()) return {};
    const std::size_t payload = header + 30 + number(header + 26, 2) + number(header + 28, 2);
    if (payload + bytes > file.size()) return {};
    entries.push_back({.name = std::string(file.substr(at + 46, name)),
                       .content = std::string(file.substr(payload, bytes))});
    at += 46 + name + number(at + 30, 2) + number(at + 32, 2);
  }
  return entries;
}

/// libFuzzer's own mutation of some bytes.
using Mutate = std::size_t (*)(std::uint8_t* data, std::size_t size, std::size_t most);

inline void mutate_text(std::string& text, std::size_t more, Mutate mutate) {
  const std::size_t size = text.size();
  text.resize(size + more);
  auto* data = reinterpret_cast<std::uint8_t*>(text.data());
  text.resize(mutate(data, size, size + more));
}

/// Changes one entry of a zip file and packs it again, so that sizes and checksums are right and
/// the change reaches what reads the entry: mostly the pickle. Sometimes, and if it is no zip file,
/// changes the bytes as they are.
inline std::size_t mutate_zip(std::uint8_t* data, std::size_t size, std::size_t most,
                              unsigned int seed, Mutate mutate) {
  std::minstd_rand draw(seed);
  auto entries = zip_entries({reinterpret_cast<const char*>(data), size});
  if (!entries || entries->empty() || draw() % 5 == 0) return mutate(data, size, most);
  const std::size_t chosen = draw() % 4 != 0 ? 0 : draw() % entries->size();  // data.pkl is first
  ZipEntry& entry = (*entries)[chosen];
  switch (draw() % 12) {
    case 0:
      mutate_text(entry.name, 8, mutate);
      break;
    case 1:
      entries->push_back(entry);
      mutate_text(entries->back().name, 8, mutate);
      break;
    case 2:
      entries->erase(entries->begin() + static_cast<std::ptrdiff_t>(chosen));
      break;
    default:
      mutate_text(entry.content, 64, mutate);
  }
  const std::string packed = zip_bytes(*entries);
  if (packed.size() > most) return mutate(data, size, most);
  std::memcpy(data, packed.data(), packed.size());
  return packed.size();
}

}  // namespace intr::test
