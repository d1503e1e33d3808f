// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "intr/io/atomic_file.h"

namespace intr::test {

/// What tiny_options() says, as words for intr-train, followed by `more`, whose options take the
/// place of equal ones.
inline std::string tiny_flags(const std::string& more = {}) {
  const std::vector<std::pair<std::string, std::string>> usual = {
      {"--augmentation", "flip"}, {"--backbone", "resnet18"},
      {"--backbone-stages", "3"}, {"--hidden-dim", "32"},
      {"--nheads", "4"},          {"--enc-layers", "1"},
      {"--dec-layers", "1"},      {"--dim-feedforward", "64"},
      {"--image-size", "48"},     {"--calibrate-images", "8"},
      {"--batch-size", "5"},      {"--micro-batch", "2"},
      {"--epochs", "2"},          {"--lr", "1e-3"},
      {"--warmup-steps", "3"},    {"--log-every", "1"},
      {"--threads", "1"},         {"--device", "cpu"}};
  std::string words;
  for (const auto& [flag, value] : usual) {
    if (more.find(flag + " ") == std::string::npos) words += " " + flag + " " + value;
  }
  return words + " " + more;
}

/// A file of records without the fields that hold times.
inline std::string without_times(const std::string& path) {
  std::istringstream lines(read_file(path));
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    auto record = nlohmann::ordered_json::parse(line);
    for (const char* name : {"time", "ms", "images_s", "loader"}) record.erase(name);
    text += record.dump() + "\n";
  }
  return text;
}

}  // namespace intr::test
