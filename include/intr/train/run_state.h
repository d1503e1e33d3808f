// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "intr/train/trainer.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {

/// Where a run stands, beside its tensors: what a resumed run goes on from. The same on every rank.
struct RunState {
  Cursor cursor;
  EpochSums epoch_sums;
  std::int64_t optimizer_steps = 0;  ///< updates applied
  std::int64_t skips_in_a_row = 0;
  bool done = false;                ///< an earlier attempt finished this run: nothing is left to do
  bool evaluation_pending = false;  ///< between an epoch's last step and the end of its evaluation
  double best_acc1 = -1;            ///< per cent; below 0: nothing was evaluated yet
  std::int64_t best_step = -1;
  std::int64_t restarts = 0;
  double wall_s = 0;  ///< since the first start, over all attempts
  double step_s = 0;  ///< of it, spent in steps whose result was kept

  nlohmann::ordered_json to_json() const;
  /// @throws DataError naming `where`
  static RunState from_json(const nlohmann::ordered_json& json, const std::string& where);

  /// Fills the cursor, schedule, history and phase of a checkpoint.
  void put_into(Checkpoint& checkpoint) const;
  /// @throws DataError naming `where`
  static RunState of(const Checkpoint& checkpoint, const std::string& where);
};

}  // namespace intr
