// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "intr/core/error.h"
#include "intr/io/json_file.h"
#include "intr/weights/weight_file.h"
#include "weights/read_everything.h"

namespace intr::test {

/// A folder of weight files with what is in them, as make_corpus.py writes it.
struct WeightCorpus {
  std::string folder;
  nlohmann::json expected;

  std::string good(const std::string& name) const { return folder + "/good/" + name; }
  std::string hostile(const std::string& name) const { return folder + "/hostile/" + name; }
};

/// Ours, and the one that the environment variable INTR_WEIGHT_CORPUS names.
inline std::vector<WeightCorpus> weight_corpora() {
  std::vector<std::string> folders = {INTR_CORPUS};
  if (const char* more = std::getenv("INTR_WEIGHT_CORPUS")) folders.emplace_back(more);
  std::vector<WeightCorpus> corpora;
  for (const std::string& folder : folders)
    corpora.push_back({folder, read_json(folder + "/expected.json")});
  return corpora;
}

inline std::size_t files_in(const std::string& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_regular_file()) ++count;
  return count;
}

/// The DataError with which a file is refused, when it is opened or when all of it is read; empty
/// if it is read to its end.
inline std::string refusal(const std::string& path, const WeightLimits& limits = {}) {
  try {
    read_everything(WeightFile(path, limits));
    return {};
  } catch (const DataError& error) {
    return error.what();
  }
}

/// The same, of opening alone.
inline std::string refusal_to_open(const std::string& path, const WeightLimits& limits = {}) {
  try {
    const WeightFile file(path, limits);
    return {};
  } catch (const DataError& error) {
    return error.what();
  }
}

}  // namespace intr::test
