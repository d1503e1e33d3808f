// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/picture_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace intr {

namespace {

constexpr std::size_t kMaxNameBytes = 200;

bool is_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == ' ' || c == '.';
}

}  // namespace

std::string stem_of(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

std::string safe_file_name(const std::string& bytes, std::size_t max_bytes) {
  std::string name;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    const std::string piece =
        is_safe(c) && (c != '.' || i > 0)
            ? std::string(1, c)
            : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    if (name.size() + piece.size() > max_bytes) break;
    name += piece;
  }
  return name.empty() ? "_" : name;
}

std::string class_name(const DumpFacts& facts, std::int32_t class_index) {
  const auto index = static_cast<std::size_t>(class_index);
  return class_index >= 0 && index < facts.classes.size() ? facts.classes[index] : "unknown";
}

std::string picture_path(const DumpFacts& facts, const DumpSample& sample, const std::string& what,
                         const std::string& extension) {
  const std::string end =
      fmt::format("__{}__{}.{}", sample.sample_id, safe_file_name(what, 60), extension);
  const std::size_t left = kMaxNameBytes - std::min(kMaxNameBytes - 1, end.size());
  return safe_file_name(class_name(facts, sample.label), kMaxNameBytes) + "/" +
         safe_file_name(stem_of(sample.path), left) + end;
}

}  // namespace intr
