// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "intr/comm/communicator.h"
#include "intr/core/cause.h"
#include "intr/core/exit_code.h"

namespace intr {

/// Name of this process's attempt: INTR_ATTEMPT, or local-PID-TIME. Letters, digits and "._-" stay,
/// all else becomes "_". The same at every call.
const std::string& attempt_name();

/// One start of a job on a run directory, and the record of how it ended:
/// RUN/attempts/ATTEMPT.json. Launchers lose exit codes, so job scripts read the record. Each rank
/// writes it before it leaves; the first one wins. Thread-safe after join().
class Attempt {
 public:
  /// @param run_folder the run directory, made by others; empty: nothing is ever written
  explicit Attempt(std::string run_folder);
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  /// All ranks take the name of rank 0, which first removes what an earlier attempt of that name
  /// left. Collective.
  void join(Communicator& communicator);

  const std::string& name() const noexcept { return name_; }
  const std::string& run_folder() const noexcept { return run_folder_; }
  int rank() const noexcept { return rank_; }
  const std::string& host() const noexcept { return host_; }
  std::string record_path() const;
  /// Where ranks that waited in vain leave their reports.
  std::string stall_folder() const;

  /// Optimizer steps done.
  void set_step(std::int64_t step) noexcept { step_ = step; }

  struct Ending {
    ExitCode code = ExitCode::kBug;
    Cause cause = Cause::kBug;
    std::string message = {};
  };
  /// Writes the record. Never fails: what goes wrong is a warning. Where there is no run directory
  /// it is made only for a job script, which waits for the record: if INTR_ATTEMPT is set.
  /// @return whether this was the first
  bool record(const Ending& ending) noexcept;

  /// Runs a body and records how it ends; what it throws goes on.
  ExitCode around(const std::function<ExitCode()>& body);

 private:
  void remove_older_record() const;

  std::string run_folder_;
  std::string name_;
  std::string host_;
  std::filesystem::file_time_type begun_ = std::filesystem::file_time_type::clock::now();
  bool joined_ = false;
  int rank_ = 0;
  std::timed_mutex writing_;
  std::atomic<std::int64_t> step_{-1};
};

}  // namespace intr
