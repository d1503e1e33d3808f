// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>

#include "intr/comm/communicator.h"

namespace intr {

/// Optimizer steps of a run, first and last included; the run's first is 1.
struct TraceSteps {
  std::int64_t first = 1;
  std::int64_t last = std::numeric_limits<std::int64_t>::max();

  /// "A:B", or "" for all. @throws UsageError
  static TraceSteps parse(const std::string& text);
  bool covers(std::int64_t step) const noexcept { return first <= step && step <= last; }
};

/// What all ranks of a run did when, in one Chrome trace, if a file is wanted. While the process
/// ends by an error it writes what this rank has beside that file, without the others.
class RunTrace {
 public:
  static constexpr std::size_t kMostEvents = 1 << 16;  ///< of a rank; 5 MB

  /// @param file empty: no trace @param steps see TraceSteps::parse
  RunTrace(std::string file, const std::string& steps);
  RunTrace(const RunTrace&) = delete;
  RunTrace& operator=(const RunTrace&) = delete;
  ~RunTrace();

  /// The clocks of all ranks begin here. Collective.
  /// @throws EnvironmentError on rank 0 if the file cannot be written
  void start(Communicator& communicator);
  /// Before a step. @param step the first is 1
  void begin_step(std::int64_t step);
  /// Writes the file, unless none of the steps was done. What keeps it from being written is a
  /// warning: the run itself is well. Collective.
  void write(Communicator& communicator);
  /// Writes this rank's part as FILE.rankN.json, if nothing was written yet. For any thread, when
  /// other ranks cannot be counted on.
  void write_part() noexcept;

 private:
  std::string file_;
  TraceSteps steps_;
  bool all_;  ///< steps are wanted, and what lies before and behind them
  bool seen_ = false;
  std::string name_;  ///< of this rank
  int rank_ = 0;
  std::atomic<bool> started_ = false;  ///< and not written yet
};

}  // namespace intr
