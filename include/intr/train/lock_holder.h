// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace intr {

/// Who holds a run directory: what run.lock says.
struct LockHolder {
  std::string token;         ///< random, of this taking alone
  std::string cluster;       ///< of the job; empty outside of one
  std::string job;           ///< scheduler's number; empty outside of a job
  std::int64_t restart = 0;  ///< how often the job had been restarted
  std::string host;
  std::string boot;  ///< of the host's system: another one after each start of the machine
  std::int64_t pid = 0;
  std::string started;     ///< when the process began; its number is used again, the pair is not
  std::int64_t since = 0;  ///< seconds since 1970

  /// This process, with a token of its own.
  static LockHolder this_process();
  /// Nothing if the text is no lock with all of its members.
  static std::optional<LockHolder> parse(const std::string& text);
  /// One line of JSON.
  std::string text() const;
  /// "host n1, process 7, job 12 (restart 1), since 2026-05-04 10:20:30 UTC"
  std::string shown() const;

  enum class Presence { kHere, kGone, kElsewhere };
  /// Whether its process is on this host.
  Presence presence() const;
  /// Whether its process, on this host, was killed and is on its way out. One that waits for a disk
  /// may need a while for that.
  bool is_dying() const;
};

}  // namespace intr
