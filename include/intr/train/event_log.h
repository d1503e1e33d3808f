// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace intr {

inline constexpr const char* kEventsFile = "events.jsonl";

/// Lines of RUN/events.jsonl. Rank 0 tells the story of the run; another rank adds only what it
/// must say before it dies. Thread-safe: a line is one write at the file's end.
class EventLog {
 public:
  EventLog(const std::string& run_folder, std::string attempt, int rank);

  /// Adds time, attempt, rank, host and kind to the fields. @throws EnvironmentError
  void add(const std::string& kind,
           const nlohmann::ordered_json& fields = nlohmann::ordered_json::object()) const;

 private:
  std::string path_;
  std::string attempt_;
  std::string host_;
  int rank_;
};

}  // namespace intr
