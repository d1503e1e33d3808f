// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "intr/weights/save_stage.h"

namespace intr {

/// What a save or a read is made to do.
enum class FaultAction { kKill, kEnospc, kEio, kFlip };

/// A fault that is made on purpose: `--inject KIND[:key=value,…]`. docs/failures.md lists them.
struct Fault {
  enum class Kind { kKill, kSegv, kHang, kExit, kSlow, kDelay, kNan, kFlip, kSignal, kSave, kRead };
  Kind kind = Kind::kKill;
  std::string text;            ///< as it was given
  bool every_attempt = false;  ///< false: only where the run was never restarted
  std::int64_t rank = 0;
  std::int64_t step = 0;  ///< the first is 1, as in metrics.jsonl
  std::int64_t from = 0;
  std::int64_t to = std::numeric_limits<std::int64_t>::max();
  std::int64_t count = 1;
  std::int64_t code = 1;
  std::int64_t index = 0;
  std::int64_t bit = 20;
  std::int64_t sample = 0;
  double ms = 0;
  double jitter_ms = 0;
  double megabits_s = 0;
  int signal = 0;
  SaveStage stage = SaveStage::kPlan;
  FaultAction action = FaultAction::kKill;
};

/// Reads one fault. @throws UsageError naming kind or key and what there is
Fault parse_fault(const std::string& text);
/// The faults of the option and of INTR_INJECT, which has ";" between them. @throws UsageError
std::vector<Fault> parse_faults(const std::vector<std::string>& given);

}  // namespace intr
