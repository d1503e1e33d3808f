// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "intr/comm/communicator.h"
#include "intr/core/exit_code.h"
#include "intr/train/attempt.h"
#include "intr/train/compute_place.h"
#include "intr/train/stop_source.h"
#include "intr/train/train_options.h"

namespace intr {

/// Does what the options of intr-train say: opens the data and the run directory, goes on from its
/// newest good checkpoint or starts, trains, and says what came out. Collective.
/// @param options validated; the number of classes is filled in
/// @param given   the options of the command line
/// @param attempt where a stall, a fault or the end is recorded
/// @return kDone or kStopped
ExitCode run_training_job(TrainOptions options, const GivenOptions& given,
                          const ComputePlace& place, Communicator& communicator, Attempt& attempt,
                          const StopSource& stop);

}  // namespace intr
