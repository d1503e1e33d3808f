// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace intr {

struct ScheduleOptions {
  std::string lr_scheduler = "step";  ///< step or cosine
  double lr = 5e-5;
  double lr_backbone = 1e-5;
  double min_lr = 1e-6;           ///< cosine only
  std::int64_t lr_drop = 80;      ///< step only: epochs between drops by 10
  std::int64_t epochs = 140;      ///< cosine only: length
  std::int64_t warmup_steps = 0;  ///< optimizer steps of linear rise
};

/// Learning rates (group 0, group 1) of an epoch and of an optimizer step counted over the whole
/// run, both from 0. Computed from the numbers alone, never by repeated multiplication.
std::array<double, 2> learning_rates(const ScheduleOptions& options, std::int64_t epoch,
                                     std::int64_t step);

}  // namespace intr
