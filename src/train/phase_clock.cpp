// SPDX-License-Identifier: Apache-2.0
#include "intr/train/phase_clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace intr {

BetweenSteps PhaseClock::step(const StepTimes& times, double now) {
  const double begin = now - times.total();
  if (!std::exchange(started_, true)) {
    last_end_ = begin;
    saved_s_ = evaluated_s_ = 0;  // before the first step there is no phase
  }
  const BetweenSteps between{.checkpoint = saved_s_,
                             .other = std::max(0.0, begin - last_end_ - saved_s_ - evaluated_s_)};
  steps_.data += times.data;
  steps_.forward += times.forward;
  steps_.backward += times.backward;
  steps_.exposed += times.exposed;
  steps_.optimizer += times.optimizer;
  between_.checkpoint += between.checkpoint;
  between_.other += between.other;
  all_evaluated_s_ += evaluated_s_;
  last_end_ = now;
  saved_s_ = evaluated_s_ = 0;
  return between;
}

nlohmann::ordered_json PhaseClock::seconds(double now) const {
  if (!started_) return nlohmann::ordered_json::object();
  const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
  const double since = std::max(0.0, now - last_end_ - saved_s_ - evaluated_s_);
  return {{"data", rounded(steps_.data)},
          {"forward", rounded(steps_.forward)},
          {"backward", rounded(steps_.backward)},
          {"exposed", rounded(steps_.exposed)},
          {"optimizer", rounded(steps_.optimizer)},
          {"checkpoint", rounded(between_.checkpoint + saved_s_)},
          {"evaluation", rounded(all_evaluated_s_ + evaluated_s_)},
          {"other", rounded(between_.other + since)}};
}

std::string PhaseClock::shown(double now) const {
  const nlohmann::ordered_json all = seconds(now);
  double sum = 0;
  for (const auto& [name, value] : all.items()) sum += value.get<double>();
  std::string text;
  for (const auto& [name, value] : all.items())
    text += fmt::format("{}{} {:.1f} %", text.empty() ? std::string() : std::string(", "), name,
                        sum > 0 ? 100 * value.get<double>() / sum : 0.0);
  return text;
}

}  // namespace intr
