// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "intr/attention/model_scores.h"

namespace intr {

/// Logits of several variants of a picture, on the CPU, as scores of one class.
class TargetScores {
 public:
  /// @param logits [V, K]  @param where the sample, for messages
  /// @throws DataError if a logit is not finite
  TargetScores(const at::Tensor& logits, std::int64_t target, const std::string& where = "");

  std::int64_t size() const noexcept { return logits_.size(0); }
  /// Probability, and logit minus the best other class's; in double from the float logits.
  TargetScore score(std::int64_t variant) const;
  double margin(std::int64_t variant) const { return score(variant).margin; }
  /// The class with the largest logit, the first of equal ones.
  std::int64_t best_class(std::int64_t variant) const;

 private:
  at::Tensor logits_;
  std::int64_t target_;
};

}  // namespace intr
