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

#include "intr/attention/map_writer.h"

namespace intr {

/// Writes pieces on a thread of its own, while the next one is computed. One piece is being written
/// and one waits at most; then push() waits. Errors of the thread are thrown by the owner's next
/// call.
class PieceQueue {
 public:
  PieceQueue(std::string folder, DumpFacts facts, std::uint32_t piece_count);
  PieceQueue(const PieceQueue&) = delete;
  PieceQueue& operator=(const PieceQueue&) = delete;
  /// Finishes the piece that is being written and drops the one that waits.
  ~PieceQueue();

  void push(std::uint32_t number, std::vector<MapRecord> records);
  /// Waits until everything is in place.
  void finish();

 private:
  struct Job {
    std::uint32_t number = 0;
    std::vector<MapRecord> records;
  };
  void work();
  void rethrow() const;

  std::string folder_;
  DumpFacts facts_;
  std::uint32_t piece_count_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Job> waiting_;
  bool writing_ = false;
  bool ending_ = false;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace intr
