// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/model/parameter_table.h"
#include "intr/model/weight_import.h"

namespace intr {

/// How the queries of a model start from those that a file has.
class QueryStart {
 public:
  /// @param row    of the queries [C, D] in the model's table
  /// @param stored rows R that the file has
  /// @throws UsageError for `match` without class names of the file, DataError if R is no multiple
  /// of their number
  QueryStart(const ParameterRow& row, std::int64_t stored, std::int64_t queries_per_class,
             const ImportOptions& options, const std::string& where);

  /// What is done, for people; empty if it is an exact copy of all rows.
  const std::string& how() const noexcept { return how_; }
  /// @param stored [R, D]  @param out [C, D]
  void fill(std::span<const float> stored, std::span<float> out) const;

 private:
  /// Where a query comes from.
  struct Origin {
    std::int64_t stored = kMean;  ///< row of the file
    bool noisy = false;
  };
  static constexpr std::int64_t kMean = -1;
  static constexpr std::int64_t kRandom = -2;
  void tile();
  void match(std::int64_t queries_per_class, const ImportOptions& options,
             const std::string& where);
  std::string noise_text() const;

  const ParameterRow& row_;
  std::int64_t stored_;
  std::uint64_t seed_;
  double noise_;
  std::vector<Origin> origins_;
  std::string how_;
};

}  // namespace intr
