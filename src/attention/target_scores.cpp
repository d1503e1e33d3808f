// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/target_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "intr/core/error.h"

namespace intr {
namespace {

std::span<const float> row_of(const at::Tensor& logits, std::int64_t row) {
  const std::int64_t width = logits.size(1);
  return {logits.const_data_ptr<float>() + row * width, static_cast<std::size_t>(width)};
}

}  // namespace

TargetScores::TargetScores(const at::Tensor& logits, std::int64_t target, const std::string& where)
    : logits_(logits.detach().to(at::kFloat).cpu().contiguous()), target_(target) {
  if (target < 0 || target >= logits_.size(1)) throw InternalError("a target that is no class");
  if (!logits_.isfinite().all().item<bool>())
    throw DataError("logits are not finite", where, "run intr-weights verify on the checkpoint");
}

TargetScore TargetScores::score(std::int64_t variant) const {
  const std::span<const float> logits = row_of(logits_, variant);
  const double largest = double{*std::max_element(logits.begin(), logits.end())};
  double sum = 0, best_other = -std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < logits.size(); ++c) {
    sum += std::exp(double{logits[c]} - largest);
    if (static_cast<std::int64_t>(c) != target_)
      best_other = std::max(best_other, double{logits[c]});
  }
  const double own = double{logits[static_cast<std::size_t>(target_)]};
  TargetScore score;
  score.probability = std::exp(own - largest) / sum;
  if (logits.size() > 1) score.margin = own - best_other;
  return score;
}

std::int64_t TargetScores::best_class(std::int64_t variant) const {
  const std::span<const float> logits = row_of(logits_, variant);
  return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

}  // namespace intr
