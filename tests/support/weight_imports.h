// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "intr/core/error.h"
#include "intr/model/weight_import.h"
#include "intr/weights/weight_facts.h"
#include "support/temp_dir.h"
#include "support/weight_files.h"

namespace intr::test {

using Metadata = std::map<std::string, std::string>;
using Values = std::map<std::string, std::vector<float>>;

inline const std::vector<std::string> kBirds = {"wren", "robin", "jay", "crow",
                                                "tit",  "owl",   "kite"};

/// What a file of ours says of a model.
inline Metadata our_header(const ModelConfig& config, const std::vector<std::string>& classes) {
  return {{kModelFact, to_json(config).dump()},
          {kClassesFact, nlohmann::json(classes).dump()},
          {kStepFact, "12"}};
}

inline ModelRequest request_for(std::int64_t num_classes, const ModelConfig& options = {},
                                const std::set<std::string>& given = {}) {
  return {.options = options, .num_classes = num_classes, .given = [given](const auto& flag) {
            return given.contains(flag);
          }};
}

/// A file that stays open while a test imports from it.
struct OpenFile {
  WeightFile file;
  NamedWeights weights;
  explicit OpenFile(const std::string& path) : file(path), weights(name_weights(file)) {}
  ModelConfig config(std::int64_t num_classes) const {
    return resolve_model(file, weights, request_for(num_classes)).config;
  }
};

/// Writes files and imports from them.
class WeightImportTest : public testing::Test {
 protected:
  OpenFile open(const std::vector<StoredTensor>& tensors, const Metadata& metadata = {}) {
    test::write_safetensors_file(path_, tensors, metadata);
    return OpenFile(path_);
  }
  /// The message of an error of this type, without the file's name.
  template <class Expected, class Action>
  std::string refusal(const Action& action) {
    try {
      action();
    } catch (const Expected& error) {
      std::string text = error.what();
      for (auto at = text.find(path_); at != std::string::npos; at = text.find(path_))
        text.replace(at, path_.size(), "FILE");
      return text;
    }
    return "accepted";
  }
  test::TempDir dir_;
  std::string path_ = dir_ / "weights.safetensors";
};

inline Values values_of(const WeightImport& import) {
  Values all;
  for (std::size_t row = 0; row < import.rows().size(); ++row) {
    if (!import.covers(row)) continue;
    std::vector<float> values(static_cast<std::size_t>(import.rows()[row].num_values()));
    import.values(row, values);
    all.emplace(import.rows()[row].name, std::move(values));
  }
  return all;
}

inline Values import_from(const OpenFile& open, std::int64_t num_classes,
                          const ImportOptions& options = {}) {
  return values_of(WeightImport(open.file, open.weights, open.config(num_classes), options));
}

inline std::vector<float> formula(const ModelConfig& config, const std::string& name) {
  for (const ParameterRow& row : parameter_table(config))
    if (row.name == name) return test::formula_weight(name, row.shape);
  ADD_FAILURE() << name;
  return {};
}

inline void expect_formula(const Values& values, const ModelConfig& config,
                           const std::set<std::string>& but) {
  for (const ParameterRow& row : parameter_table(config)) {
    if (but.contains(row.name)) continue;
    EXPECT_EQ(values.at(row.name), test::formula_weight(row.name, row.shape)) << row.name;
  }
}

inline std::vector<float> row_of(const std::vector<float>& queries, std::size_t row) {
  constexpr std::size_t kWidth = 32;
  const auto begin = queries.begin() + static_cast<std::ptrdiff_t>(row * kWidth);
  return {begin, begin + kWidth};
}

inline const std::string kQueries = "query_embed.weight";
inline const std::set<std::string> kNewFromDetr = {kQueries, "presence_vector.weight",
                                                   "presence_vector.bias"};

}  // namespace intr::test
