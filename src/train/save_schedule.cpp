// SPDX-License-Identifier: Apache-2.0
#include "intr/train/save_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "intr/core/error.h"

namespace intr {
namespace {

/// Between two failures of one of 1024 GPUs, from the counts reported for the training of
/// Llama 3.1.
constexpr double kFailureSeconds = 49.0 * 3600 * 1024;
constexpr double kShortest = 60;
constexpr double kLongest = 1800;

}  // namespace

SaveInterval SaveInterval::parse(const std::string& text) {
  if (text == "auto") return {.automatic = true};
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string unit(end, text.data() + text.size());
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  if (error == std::errc() && count > 0 && count < kMost) {
    if (unit == "steps" || unit == "step") return {.steps = count};
    if (unit == "epochs" || unit == "epoch") return {.epochs = count};
    if (unit == "s") return {.seconds = static_cast<double>(count)};
    if (unit == "m") return {.seconds = 60 * static_cast<double>(count)};
  }
  throw UsageError(fmt::format("'{}' is no interval", text), "--save-every",
                   "give auto, or a number with s, m, steps or epochs: 600s, 10m, 500steps");
}

double seconds_between_failures(std::int64_t num_ranks) {
  return kFailureSeconds / static_cast<double>(std::max<std::int64_t>(1, num_ranks));
}

double least_loss_interval(double cost_s, std::int64_t num_ranks) {
  return std::clamp(std::sqrt(2 * cost_s * seconds_between_failures(num_ranks)), kShortest,
                    kLongest);
}

SaveSchedule::SaveSchedule(const SaveInterval& interval, int num_ranks, double now_s)
    : interval_(interval), num_ranks_(num_ranks), last_s_(now_s) {}

double SaveSchedule::seconds() const noexcept {
  return interval_.automatic ? least_loss_interval(cost_s_, num_ranks_) : interval_.seconds;
}

bool SaveSchedule::due(std::int64_t step, std::int64_t epochs, bool epoch_ended,
                       double now_s) const {
  if (interval_.epochs > 0) return epoch_ended && epochs % interval_.epochs == 0;
  if (epoch_ended) return true;
  if (interval_.steps > 0) return step % interval_.steps == 0;
  return now_s - last_s_ >= seconds();
}

void SaveSchedule::saved(double stall_s, double now_s) {
  cost_s_ = std::max(cost_s_, stall_s);
  last_s_ = now_s;
}

bool is_major_epoch(std::int64_t epochs_done, std::int64_t every, std::int64_t lr_drop) {
  const std::int64_t interval = every > 0 ? every : lr_drop;
  return interval > 0 && epochs_done > 0 && epochs_done % interval == 0;
}

}  // namespace intr
