// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace intr {

/// What one sample's logits say. Plain data: it travels between ranks as bytes.
struct SampleScore {
  std::int64_t sample_id = 0;
  std::int64_t label = 0;
  std::int64_t predicted = 0;  ///< class of the largest logit; the lowest of equal ones
  std::int64_t rank = 0;       ///< of the true class: 0 = top-1 right
  double loss = 0;             ///< cross-entropy, natural logarithm
  double confidence = 0;       ///< probability of the predicted class
  double brier = 0;            ///< sum over classes of (probability - truth) squared
  double margin = 0;           ///< true class's logit minus the largest other; 0 with one class
};

/// Scores logits in double. Rank = classes with a larger logit plus equal ones of a lower number.
/// @param logits of all K classes  @param label below K
/// @throws DivergedError naming the sample if a logit is not finite
SampleScore score_sample(std::span<const float> logits, std::int64_t label, std::int64_t sample_id);

/// Rank of the true class alone. A logit that is not finite counts as in front of it.
std::int64_t rank_of_true_class(std::span<const float> logits, std::int64_t label) noexcept;

struct Interval {
  double low = 0;
  double high = 0;
};
/// Wilson's 95 % interval of a proportion (JASA 22, 1927), in [0, 1]. @param samples at least 1
Interval wilson_interval(std::int64_t hits, std::int64_t samples);

/// Expected calibration error (Guo et al., ICML 2017, eq. 3): 15 bins of equal width over the
/// confidence, open below and closed above.
double calibration_error(const std::vector<SampleScore>& scores);

/// How often one class was taken for another.
struct Confusion {
  std::int64_t label = 0;
  std::int64_t predicted = 0;
  std::int64_t count = 0;
};
/// Most frequent first; equal counts by class numbers. @param limit at most so many
std::vector<Confusion> confusions(const std::vector<SampleScore>& scores, std::int64_t limit);

}  // namespace intr
