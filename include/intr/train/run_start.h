// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "intr/comm/bucket_plan.h"
#include "intr/train/checkpoint_store.h"
#include "intr/train/run_directory.h"
#include "intr/train/run_state.h"
#include "intr/train/train_options.h"

namespace intr {

/// The files of a run on the one rank that writes them.
struct RunFiles {
  RunDirectory directory;
  CheckpointStore store;

  /// Takes the run directory; `--fresh` moves old checkpoints and records away first.
  explicit RunFiles(const TrainOptions& options);
  RunFiles(const RunFiles&) = delete;
  RunFiles& operator=(const RunFiles&) = delete;

 private:
  static std::string prepared_folder(RunDirectory& directory, bool fresh);
};

/// Where a run starts: nowhere, or at a checkpoint.
struct RunStart {
  RunState state;
  std::optional<Checkpoint> checkpoint;
  std::string path;  ///< of the checkpoint

  /// The checkpoint's. @throws DataError naming it if it is not of its trainable tensors
  BucketPlan bucket_plan() const;
};

/// Chooses what `--resume` means. @throws DataError
RunStart load_start(const TrainOptions& options, const CheckpointStore& store);

/// Refuses a checkpoint of another run, notes whether the run is done already, and takes back
/// records that lie beyond the start.
/// @param identity what describe_run made of this run
/// @throws DataError, EnvironmentError
void settle_start(const TrainOptions& options, const Checkpoint& identity, RunFiles& files,
                  RunStart& start);

}  // namespace intr
