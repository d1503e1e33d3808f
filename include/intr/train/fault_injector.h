// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "intr/comm/flat_state.h"
#include "intr/comm/watched_communicator.h"
#include "intr/train/event_log.h"
#include "intr/train/fault_plan.h"

namespace intr {

/// Makes the faults of `--inject` on the ranks and at the moments that they name. Each one that
/// fires is an event before it does anything.
class FaultInjector {
 public:
  /// @param rank of this process; faults of other ranks are forgotten
  FaultInjector(const std::vector<Fault>& faults, int rank, EventLog events);

  /// Tells how often the run was restarted: faults of the first attempt then rest. Unknown at
  /// first, and taken from restarts_of_job().
  void set_restarts(std::int64_t restarts) noexcept;

  /// Does what is due at the start of a step. May not return.
  /// @param step the first is 1 @param state its gradients are zero: a step begins
  void begin_step(std::int64_t step, FlatState& state);

  /// What is to be added to every collective.
  WireDelay wire_delay() const;

  /// What a save must suffer at a stage; nothing otherwise. kKill never returns. Thread-safe.
  std::optional<FaultAction> at_save(SaveStage stage);
  /// What reading this sample must suffer; nothing otherwise. kKill never returns. Thread-safe.
  std::optional<FaultAction> at_read(std::int64_t sample_id);
  /// Whether some fault waits for a sample to be read.
  bool watches_reads() const noexcept;

 private:
  bool due(const Fault& fault) const noexcept;
  bool fire(std::size_t number, std::int64_t step);
  void act(const Fault& fault, std::int64_t step, FlatState& state);

  std::vector<Fault> faults_;
  std::vector<std::unique_ptr<std::atomic<bool>>> told_;  ///< its event was written
  EventLog events_;
  std::atomic<std::int64_t> restarts_;
};

}  // namespace intr
