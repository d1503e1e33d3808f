// SPDX-License-Identifier: Apache-2.0
#include "intr/train/schedule.h"

#include <cmath>
#include <numbers>

#include "intr/core/error.h"

namespace intr {
namespace {

constexpr double kDropFactor = 0.1;

double rate(const ScheduleOptions& options, double base, std::int64_t epoch) {
  if (options.lr_scheduler == "step") {
    const std::int64_t drops = epoch / options.lr_drop;
    return base * std::pow(kDropFactor, static_cast<double>(drops));
  }
  if (options.lr_scheduler == "cosine") {
    if (base == 0) return 0;  // a frozen group stays frozen
    const double turn = static_cast<double>(epoch) / static_cast<double>(options.epochs);
    return options.min_lr + (base - options.min_lr) * (1 + std::cos(std::numbers::pi * turn)) / 2;
  }
  throw InternalError("a schedule that is not in the list: " + options.lr_scheduler);
}

}  // namespace

std::array<double, 2> learning_rates(const ScheduleOptions& options, std::int64_t epoch,
                                     std::int64_t step) {
  const double warmup = step < options.warmup_steps ? static_cast<double>(step + 1) /
                                                          static_cast<double>(options.warmup_steps)
                                                    : 1.0;
  return {rate(options, options.lr, epoch) * warmup,
          rate(options, options.lr_backbone, epoch) * warmup};
}

}  // namespace intr
