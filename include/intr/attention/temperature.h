// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "intr/attention/model_summary.h"

/// One number that makes probabilities honest: softmax(z / T) (Guo et al., ICML 2017, sec. 4.2).
namespace intr {

inline constexpr double kLowestTemperature = 1e-3;
inline constexpr double kHighestTemperature = 1e3;

struct LabeledLogits {
  std::span<const float> logits;  ///< [K], finite, at least one
  std::int32_t label = 0;         ///< 0 to K - 1
};

/// Mean negative log-likelihood of the labels under softmax(z / T), nats; NaN of no sample.
double mean_loss(std::span<const LabeledLogits> samples, double temperature);

/// The T of the smallest mean loss, between the lowest and the highest: an end where the loss falls
/// up to there, such as the lower one if all samples are right. 1 if no T changes the loss, NaN of
/// no sample.
double best_temperature(std::span<const LabeledLogits> samples);

/// The T of all samples, and what is gained: each half (samples of even and of odd places) is
/// judged with the T of the other half. NaN is what cannot be had: all numbers of no sample; what
/// comes after of one, and where a half has no best T, since it is all right.
TemperatureFit fit_temperature(std::span<const LabeledLogits> samples);

/// A sentence where the loss falls up to an end of what is tried, so that no temperature is the
/// best; "" where one is.
std::string no_best_temperature(const TemperatureFit& fit);

}  // namespace intr
