// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/core/hash.h"
#include "intr/image/image.h"
#include "intr/io/file_range.h"
#include "intr/io/json_file.h"

namespace intr {

/// Files that make_golden.py made.
inline std::string golden_path(const std::string& name) {
  return std::string(INTR_GOLDEN) + "/" + name;
}
inline std::vector<std::byte> golden_bytes(const std::string& name) {
  return InputFile(golden_path(name)).read_all();
}
inline nlohmann::ordered_json golden_json(const std::string& name) {
  return read_json(golden_path(name));
}

/// Pixels as the golden files write them down.
inline std::string digest(const Image& image) {
  return fmt::format("{:016x}", xxh3_64(std::as_bytes(std::span(image.rgb))));
}

}  // namespace intr
