// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "intr/train/stop_source.h"

namespace intr {

/// Everything that may end a run early: a signal on any rank; on the rank that writes also a
/// deadline (INTR_DEADLINE, seconds since 1970) and a file HALT in the run directory. For one
/// thread; a reason that came stays.
class StopReasons {
 public:
  /// @param run_directory where HALT is looked for; empty on ranks that only heed signals
  /// @throws EnvironmentError if INTR_DEADLINE is no time
  StopReasons(StopSource signals, std::string run_directory);

  bool requested();
  /// "SIGUSR2", "deadline", "HALT"; empty before.
  const char* name() const;
  /// A save took so long: the deadline leaves room for one of the longest.
  void saw_save(double seconds);
  /// Both as functions; this must outlive them.
  StopSource source();

 private:
  bool near_deadline() const;
  bool halted();

  StopSource signals_;
  std::string halt_;
  const char* reason_ = "";
  double deadline_s_ = 0;  ///< steady clock; 0: none
  double next_look_s_ = 0;
  double longest_save_s_ = 0;
};

}  // namespace intr
