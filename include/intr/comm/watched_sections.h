// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "intr/comm/communicator.h"

namespace intr {

/// What a rank is at; each has a limit of its own.
enum class Section { kStart, kLoad, kStep, kEvaluation, kSave, kLeave };
const char* word_of(Section section);

/// Seconds without progress after which a rank counts as stalled.
struct SectionLimits {
  double start_s = 300;
  double load_s = 900;
  double first_step_s = 300;  ///< a process's first step and first evaluation batch
  double step_s = 60;         ///< or ten times the 99th percentile of those that were done
  double save_s = 600;        ///< saving, and waiting for the rank that saves
  double stop_s = 10;         ///< of a step after a stop was asked for; or three times the median
};

/// Where a rank is, for reports.
struct WatchedPlace {
  Section section = Section::kStart;
  std::int64_t step = -1;
  double seconds = 0;  ///< since the last progress
  double limit_s = 0;
  std::int64_t collectives = 0;  ///< begun so far: all ranks begin the same ones in the same order
  Tag last;                      ///< the last of them
  std::int64_t waiting = 0;      ///< of them, not ended yet
};

/// Notes a rank's progress and judges whether it goes on. Knows no clock: times are given, in
/// seconds from any start. Thread-safe.
class WatchedSections {
 public:
  /// @param now when the start begins
  WatchedSections(const SectionLimits& limits, double now) : limits_(limits), begun_(now) {}

  /// A section, or the next step of one, begins: that is progress.
  void enter(Section section, std::int64_t step, double now);
  /// Progress within the section, such as the next batch.
  void beat(double now);
  /// All ranks stood still together for so long, as under SIGSTOP: that time does not count.
  void forgive(double seconds);
  void collective_begins(const Tag& tag);
  void collective_ends();

  enum class Verdict { kFine, kWarn, kStalled, kStopOverdue };
  /// @param stop_wanted a stop was asked for, and another rank may be the reason why it takes long
  /// @return kWarn once a section
  Verdict judge(double now, bool stop_wanted);
  WatchedPlace place(double now) const;

 private:
  /// Of the last steps, or of the last evaluation batches.
  class Durations {
   public:
    void add(double seconds);
    bool empty() const noexcept { return values_.empty(); }
    const std::vector<double>& values() const noexcept { return values_; }

   private:
    std::vector<double> values_;  ///< as a ring
    std::size_t next_ = 0;
  };

  double limit() const;
  double stop_limit() const;
  bool waits_for_a_save() const;

  mutable std::mutex mutex_;
  SectionLimits limits_;
  Section section_ = Section::kStart;
  std::int64_t step_ = -1;
  double begun_;
  bool after_save_ = false;
  bool warned_ = false;
  double stop_since_ = -1;
  Durations steps_;
  Durations batches_;
  std::int64_t collectives_ = 0;
  std::int64_t waiting_ = 0;
  Tag last_;
};

}  // namespace intr
