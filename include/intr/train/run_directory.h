// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "intr/train/event_log.h"
#include "intr/train/run_lock.h"

namespace intr {

/// The folder of one run (`--out RUN`), for the one rank that writes: configuration, records,
/// events and the lock that keeps a second job out.
class RunDirectory {
 public:
  /// Makes the folder and takes its lock.
  /// @param take_lock take it even from a holder that looks alive
  /// @throws EnvironmentError naming the holder if another live job has it
  RunDirectory(std::string path, bool take_lock);
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::string& path() const noexcept { return path_; }
  /// @throws PeerError if another job has taken the run over; so do the records and mark_done(),
  /// which then write nothing
  void require_lock() const { lock_.require_held(); }
  std::string checkpoint_folder() const;

  void write_config(const nlohmann::ordered_json& config);
  /// import.json: what became of each key of the weight file that the run started from.
  void write_import(const nlohmann::ordered_json& report);
  /// metrics.jsonl and the same numbers in metrics.csv
  void append_metrics(const nlohmann::ordered_json& record);
  /// log.txt, a line an epoch with the published keys
  void append_epoch(const nlohmann::ordered_json& record);
  /// events.jsonl: time, attempt, rank, host and kind are added
  void append_event(const std::string& kind,
                    const nlohmann::ordered_json& fields = nlohmann::ordered_json::object());

  /// Where a run goes on: records beyond it belong to work that is done again.
  struct Resumption {
    std::int64_t step = 0;           ///< optimizer steps done
    std::int64_t epochs_logged = 0;  ///< epochs whose evaluation is done
    bool repeat_evaluation = false;  ///< the evaluation after `step` is done again
  };
  /// Removes such records, and a torn last line, from metrics.jsonl and log.txt; metrics.csv
  /// follows.
  /// @return how many
  std::int64_t drop_records_beyond(const Resumption& resumption);
  /// Renames metrics.jsonl, metrics.csv and log.txt to NAME.old-N: a run that starts afresh.
  void set_records_aside();

  /// Seconds since 1970 of the run's first start (since the last --fresh), from its events; now, if
  /// there is none.
  double first_start() const;

  /// DONE: the last step, once the run is finished. -1 if it is not.
  std::int64_t done_step() const;
  void mark_done(std::int64_t step);
  void unmark_done();

 private:
  using Keep = std::function<bool(const nlohmann::ordered_json&)>;
  std::int64_t filter_lines(const char* file, const Keep& keep);
  void rewrite_csv();

  std::string path_;
  RunLock lock_;
  EventLog events_;
};

/// Seconds since 1970, to the millisecond; for records only, never for a decision.
double unix_time();

}  // namespace intr
