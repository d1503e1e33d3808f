// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "intr/comm/gradient_reducer.h"
#include "intr/data/loader.h"
#include "intr/train/divergence.h"
#include "intr/train/optimizer.h"
#include "intr/train/schedule.h"
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

/// Seconds of this rank's step, by what they were spent on.
struct StepTimes {
  double data = 0;  ///< until the batch is on the device
  double forward = 0;
  double backward = 0;
  double exposed = 0;  ///< waiting for the gradients of other ranks
  double optimizer = 0;
  double total() const noexcept { return data + forward + backward + exposed + optimizer; }
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
  };
  Trainer(Parts parts, const Options& options);

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
  class Phases;
  void forward_and_backward(const MicroBatch& batch, StepSums& mine, StepReport& report,
                            Phases& phases);
  void seed_dropout(const MicroBatch& batch) const;
  UpdateReport update(const StepSums& all, const std::array<double, 2>& lr);
  bool advance(const StepSums& all);

  Parts parts_;
  Options options_;
  Cursor cursor_;
  EpochSums epoch_sums_;
  std::int64_t skips_in_a_row_ = 0;
  SuspectSamples suspects_;
};

}  // namespace intr
