// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "intr/comm/gradient_reducer.h"
#include "intr/data/loader.h"
#include "intr/train/device_tally.h"
#include "intr/train/divergence.h"
#include "intr/train/optimizer.h"
#include "intr/train/schedule.h"
#include "intr/train/step_clock.h"
#include "intr/train/training_state.h"

namespace intr {

/// Where a run stands. Counts samples of the whole job, so any number of ranks can go on from it.
struct Cursor {
  std::int64_t step = 0;           ///< optimizer steps of the run, skipped ones too
  std::int64_t epoch = 0;          ///< of the next sample
  std::int64_t next_position = 0;  ///< samples of that epoch already used
};

/// What an epoch's steps added up to so far.
struct EpochSums {
  double loss = 0;  ///< of all samples
  std::int64_t hits1 = 0;
  std::int64_t hits5 = 0;
  std::int64_t samples = 0;
};

/// What this rank's loader did for a step. Seconds of threads are summed over pictures.
struct LoaderReport {
  BatchFigures sums;       ///< of the step's micro-batches; `queue` is their smallest
  double normalise_s = 0;  ///< turning bytes into the network's input, on the compute thread
  std::int64_t images = 0;
  double pad_fraction = 0;  ///< of this rank's input pixels

  /// Adds a micro-batch. Its padding is counted in pixels.
  void add(const MicroBatch& batch);

 private:
  std::int64_t picture_pixels_ = 0;
  std::int64_t padded_pixels_ = 0;
};

/// What one step did; the same on every rank but for times and the loader.
struct StepReport {
  Cursor after;
  std::int64_t epoch = 0;     ///< the epoch it belongs to
  std::int64_t position = 0;  ///< samples of that epoch used after it
  std::int64_t samples = 0;
  double loss = 0;  ///< mean
  std::int64_t hits1 = 0;
  std::int64_t hits5 = 0;
  std::array<double, 2> lr = {0, 0};
  double norm = 0;
  double clip = 1;
  double pad_fraction = 0;   ///< of the input pixels of all ranks
  bool applied = true;       ///< false: skipped, something was not finite
  std::string bad_tensor;    ///< then: the first one whose gradient was not finite, if any
  bool stop = false;         ///< some rank was asked to stop
  bool epoch_ended = false;  ///< it was the epoch's last step
  EpochSums epoch_sums;
  LoaderReport loader;
  StepTimes times;
};

/// Does optimizer steps. Opens no file and reads no flag: it works with the parts it is given.
///
/// A device that is no CPU works behind the host. It adds up what the step scored, clips, and
/// leaves out an update that must not be, without asking the host; while it is at the update, it
/// already has the next batch, and the host hears what came out. So it always has work, and every
/// step is reported in its place.
class Trainer {
 public:
  /// All parts must outlive the trainer.
  struct Parts {
    TrainingState& state;
    BatchSource& loader;
    GradientReducer& reducer;
    Optimizer& optimizer;
    std::function<bool()> stop_requested;
    std::function<void(std::int64_t step)> step_begins = {};  ///< the first is 1
  };
  struct Options {
    ScheduleOptions schedule;
    std::uint64_t seed = 42;
    std::int64_t batch_size = 48;  ///< samples of a step, over all ranks
    std::int64_t most_skips = 3;   ///< steps in a row that may be lost to what is not finite
    bool queued = false;  ///< work as if the device were behind the host; where it is, always
  };
  Trainer(Parts parts, const Options& options);
  ~Trainer();

  /// One optimizer step over one global batch. Collective: every rank calls it equally often.
  /// @throws DivergedError on all ranks after `most_skips` steps in a row that were not finite
  StepReport step();

  const Cursor& cursor() const noexcept { return cursor_; }
  const EpochSums& epoch_sums() const noexcept { return epoch_sums_; }
  /// Samples of the last step that may have made something not finite.
  const SuspectSamples& suspects() const noexcept { return suspects_; }
  std::int64_t skips_in_a_row() const noexcept { return skips_in_a_row_; }
  std::int64_t steps_per_epoch() const noexcept { return parts_.loader.steps_per_epoch(); }

  /// Goes on from a saved state; the optimizer's count is set by its own.
  void restore(const Cursor& cursor, const EpochSums& epoch_sums, std::int64_t skips_in_a_row);

 private:
  struct Input;
  std::unique_ptr<Input> read_input();
  std::unique_ptr<Input> next_input(StepReport& report);
  void read_ahead();
  void forward_and_backward(const Input& input, StepSums& mine);
  GradientReducer::Share share_of(const StepSums& mine);
  UpdateReport finish(const StepSums& mine, const std::array<double, 2>& lr, StepSums& all);
  UpdateReport finish_queued(const StepSums& mine, const std::array<double, 2>& lr, StepSums& all);
  void seed_dropout(const MicroBatch& batch) const;
  void count_skip(const UpdateReport& done);
  bool advance(const StepSums& all);

  Parts parts_;
  Options options_;
  at::Device device_;
  bool queued_;
  StepClock clock_;
  DeviceTally tally_;             ///< where queued
  std::unique_ptr<Input> ahead_;  ///< the next micro-batch, on its way to the device
  std::exception_ptr ahead_failure_;
  Cursor cursor_;
  EpochSums epoch_sums_;
  std::int64_t skips_in_a_row_ = 0;
  SuspectSamples suspects_;
};

}  // namespace intr
