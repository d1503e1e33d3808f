// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace intr {

/// When checkpoints are written, beside the end of the run and a stop.
struct SaveInterval {
  std::int64_t steps = 0;   ///< 0 = not by steps
  std::int64_t epochs = 0;  ///< 0 = not by epochs
  double seconds = 0;       ///< 0 = not by time
  bool automatic = false;   ///< by time, chosen from what a save costs
  /// "auto", "600s", "10m", "500steps" or "2epochs". @throws UsageError
  static SaveInterval parse(const std::string& text);
};

/// How long a job of so many ranks is expected to run until one of them fails: 49 h · 1024 / ranks.
double seconds_between_failures(std::int64_t num_ranks);

/// Seconds between saves that lose the least time: sqrt(2 · cost · time between failures), between
/// 1 and 30 minutes (Young 1974, A first order approximation to the optimum checkpoint interval).
/// @param cost_s what one save takes from training
double least_loss_interval(double cost_s, std::int64_t num_ranks);

/// Decides on the one rank that writes whether a save is due. Nothing that is computed depends on
/// it, so it may look at the clock.
class SaveSchedule {
 public:
  /// @param now_s steady clock
  SaveSchedule(const SaveInterval& interval, int num_ranks, double now_s);

  /// Whether to save after this step. Ends of epochs are due unless the interval counts epochs.
  /// @param step of the run @param epochs done @param epoch_ended by this step
  bool due(std::int64_t step, std::int64_t epochs, bool epoch_ended, double now_s) const;
  /// A save began. @param stall_s what it took from training
  void saved(double stall_s, double now_s);
  /// Seconds between saves; 0 if they are not timed.
  double seconds() const noexcept;

 private:
  SaveInterval interval_;
  int num_ranks_;
  double last_s_;
  double cost_s_ = 0;  ///< the largest stall so far
};

/// Whether the checkpoint at the end of an epoch stays for good.
/// @param every epochs between such checkpoints; 0: where a step schedule drops the rate
/// @param lr_drop epochs between drops; 0: none
bool is_major_epoch(std::int64_t epochs_done, std::int64_t every, std::int64_t lr_drop);

}  // namespace intr
