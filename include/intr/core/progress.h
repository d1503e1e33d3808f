// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace intr {

/// Progress of long work: a bar with rate and time left on a terminal, a plain line every half
/// minute elsewhere, nothing when quiet. For one thread, on rank 0.
class Progress {
 public:
  /// @param unit plural noun of what is counted, such as "images"
  Progress(std::string label, std::int64_t total, std::string unit, bool enabled = true);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void advance(std::int64_t count = 1);
  /// Where bytes tell more of the time left than what is counted: how many there will be.
  void set_total_bytes(std::int64_t bytes) { total_bytes_ = bytes; }
  /// Sets how far the work is, instead of advancing it.
  void reach(std::int64_t done, std::int64_t bytes);
  /// What stands at the end of the line, such as "3 bad".
  void set_note(std::string note) { note_ = std::move(note); }
  /// Prints the closing line once.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  void show_if_due();
  void show(bool last);

  std::string label_;
  std::int64_t total_;
  std::string unit_;
  std::string note_;
  bool enabled_;
  bool terminal_;
  bool finished_ = false;
  std::int64_t done_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t total_bytes_ = 0;  ///< 0: bytes are not shown
  Clock::time_point start_ = Clock::now();
  Clock::time_point shown_ = start_;
};

}  // namespace intr
