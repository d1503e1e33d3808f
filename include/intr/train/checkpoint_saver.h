// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "intr/train/checkpoint_store.h"
#include "intr/train/run_state.h"
#include "intr/train/state_snapshot.h"

namespace intr {

/// How a save ended.
struct SaveReport {
  std::int64_t step = 0;
  bool evaluation_pending = false;
  bool in_background = true;
  double stall_s = 0;       ///< what it took from training
  double seconds = 0;       ///< until it was durable, from its begin
  std::uint64_t bytes = 0;  ///< of the file
  std::string path;
  std::string trouble;  ///< why it failed; empty if it did not
};

/// Saves while training goes on: copies the state between two steps, and one thread of its own
/// writes the copy. For the one rank that writes; its methods are for one thread.
class CheckpointSaver {
 public:
  /// @param store, state must outlive it @param identity what each head starts from
  CheckpointSaver(CheckpointStore& store, const TrainingState& state, Checkpoint identity);
  CheckpointSaver(const CheckpointSaver&) = delete;
  CheckpointSaver& operator=(const CheckpointSaver&) = delete;
  /// Lets a running save end.
  ~CheckpointSaver();

  /// Copies the state and lets it be written.
  /// @param major it stays for good @param waited_s what training stood still for it before
  /// @return seconds that the copy took; nothing if the last save still runs
  std::optional<double> start(const RunState& state, bool major, double waited_s = 0);
  /// Waits for a running save, then saves on this thread. @throws what keeps it from being durable
  SaveReport save_now(const RunState& state, bool major);
  /// Waits for a running save.
  void wait();
  /// How saves ended since the last call. A full or broken disk is a
  /// report; any other error is thrown.
  std::vector<SaveReport> take_reports();

 private:
  struct Job {
    Checkpoint head;
    bool major = false;
    SaveReport report;
  };
  Job copy_of(const RunState& state, bool major);
  void write(Job& job);
  void work();

  CheckpointStore& store_;
  Checkpoint identity_;
  StateSnapshot snapshot_;
  std::mutex mutex_;  ///< of all below
  std::condition_variable changed_;
  std::optional<Job> job_;  ///< being written
  std::vector<SaveReport> reports_;
  std::exception_ptr error_;
  bool ending_ = false;
  std::jthread thread_;
};

}  // namespace intr
