// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace intr {

/// What the scheduler says of a job.
struct JobStatus {
  enum class Kind { kRunning, kEnded, kUnknown };
  Kind kind = Kind::kUnknown;
  std::string words;  ///< its own, or why none were heard; for messages
};

/// Asks Slurm's `squeue`, as PATH finds it, and waits for 10 s at most. A job that the scheduler
/// does not know any more has ended; a scheduler that is missing or fails says nothing.
JobStatus ask_scheduler(const std::string& job);

/// How often Slurm restarted this process's job, as SLURM_RESTART_COUNT says; 0 in its first run
/// and outside of a job.
std::int64_t restarts_of_job();

}  // namespace intr
