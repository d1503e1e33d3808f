// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace intr {

/// Owns MPI from MPI_Init_thread to MPI_Finalize. One thread of its own makes every MPI call;
/// others hand it work. Needs MPI alone, no LibTorch. Construct one, in main, after StopSignal and
/// after the options were parsed.
class MpiEnvironment {
 public:
  static constexpr std::chrono::seconds kLimit{300};

  /// Starts MPI and tells the log who speaks. Without a launcher the job is one rank. Where MPI
  /// runs already, such as under the test main, it is used and left running.
  /// @param limit of MPI's start, and of its end: a call that takes longer ends the process with 76
  /// @throws EnvironmentError if the launcher started several tasks (SLURM_STEP_NUM_TASKS) but MPI
  /// sees one rank
  explicit MpiEnvironment(std::chrono::milliseconds limit = kLimit);
  MpiEnvironment(const MpiEnvironment&) = delete;
  MpiEnvironment& operator=(const MpiEnvironment&) = delete;
  /// Waits for queued work and finalizes MPI.
  ~MpiEnvironment();

  int rank() const noexcept;
  int world_size() const noexcept;
  int local_rank() const noexcept;
  int local_size() const noexcept;
  const std::string& node() const noexcept;

  /// Runs `call` on the MPI thread and waits; its exception is rethrown here.
  void run(const std::function<void()>& call);
  /// Queues `call` for the MPI thread; calls run in the order of posting. It must not throw.
  void post(std::function<void()> call);

  /// Collective: a barrier whose waiting uses no processor time. It ends a few milliseconds late.
  void idle_barrier();

  /// Ends the whole job with this status: no rank waits for one that failed. Does not return.
  [[noreturn]] static void abort(int status) noexcept;
  /// "Open MPI v4.1.4, …": for --version.
  static std::string library_version();

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::chrono::milliseconds limit_;
};

}  // namespace intr
