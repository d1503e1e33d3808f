// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "intr/model/model_config.h"
#include "intr/model/parameter_table.h"
#include "intr/weights/key_names.h"

namespace intr {

/// What is asked of a model beside its weight file.
struct ModelRequest {
  ModelConfig options{};         ///< values of the options; defaults where none was given
  std::int64_t num_classes = 0;  ///< of the data; 0 = the file decides
  /// Whether the user gave an option, by its flag ("hidden-dim"); empty: none was given.
  std::function<bool(const std::string& flag)> given{};
};

/// A model as its file and the options decide it together.
struct ResolvedModel {
  ModelConfig config{};
  std::vector<std::string> classes = {};  ///< names; empty if the file has none
  std::int64_t step = 0;  ///< optimizer steps of our own checkpoints and exports, else 0
  std::vector<std::string> sources =
      {};  ///< what shapes do not tell: "8 heads: default", for the log
};

/// Architecture from the file's shapes, the rest from what it says of itself, then from the
/// options.
/// @throws UsageError if a given option contradicts the file, showing both
/// @throws DataError if the file holds no model, or C is not K times the queries of a class
ResolvedModel resolve_model(const WeightFile& file, const NamedWeights& weights,
                            const ModelRequest& request);

struct ImportOptions {
  std::string query_init = "tile";  ///< tile, mean, random, match
  double noise_frac = 0.1;          ///< standard deviation of the noise on queries; absolute
  std::uint64_t seed = 42;
  std::vector<std::string> classes{};       ///< of the data; for match
  std::vector<std::string> file_classes{};  ///< of the file; for match
  bool backbone_only = false;               ///< only backbone.0.* is wanted: --backbone-weights
};

/// Where each value of a model comes from when it starts from a weight file. Planned from names and
/// shapes alone; values are read one tensor at a time.
class WeightImport {
 public:
  /// @throws DataError listing every key that is missing, left over or of another shape
  WeightImport(const WeightFile& file, const NamedWeights& weights, const ModelConfig& config,
               const ImportOptions& options);

  /// The model's table; all functions below count its rows.
  const std::vector<ParameterRow>& rows() const noexcept { return rows_; }
  /// Whether this import says anything of a row (all of them unless backbone_only).
  bool covers(std::size_t row) const;
  /// A row's initial values, row-major. @param out exactly rows()[row].num_values() long
  void values(std::size_t row, std::span<float> out) const;
  /// Per key: loaded, converted (from), initialised (how), dropped (why); then counts.
  nlohmann::ordered_json report() const;
  /// The same for people, grouped: a line for each kind of outcome.
  std::vector<std::string> lines() const;

 private:
  /// Where the values of a row come from.
  struct Source {
    const NamedTensor* tensor = nullptr;  ///< of the file; none: drawn
    bool covered = true;
    std::string how{};  ///< it is initialized; empty: the file's values as they are
  };
  void check_backbone_file(const ModelConfig& config) const;
  Source plan_row(const ParameterRow& row, bool presence_is_new);
  Source plan_queries(const ParameterRow& row, const NamedTensor& stored);
  void plan_leftovers();

  const WeightFile& file_;
  const NamedWeights& weights_;
  ImportOptions options_;
  std::int64_t queries_per_class_;
  std::vector<ParameterRow> rows_;
  std::vector<Source> sources_;      ///< of each row
  std::vector<DroppedKey> dropped_;  ///< by the model, beyond what the naming drops
  std::vector<std::string> faults_;
};

}  // namespace intr
