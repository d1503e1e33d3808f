// SPDX-License-Identifier: Apache-2.0
#include "intr/train/event_log.h"

#include <utility>

#include "intr/core/host_name.h"
#include "intr/io/atomic_file.h"
#include "intr/train/run_directory.h"

namespace intr {

EventLog::EventLog(const std::string& run_folder, std::string attempt, int rank)
    : path_(run_folder + "/" + kEventsFile),
      attempt_(std::move(attempt)),
      host_(host_name()),
      rank_(rank) {}

void EventLog::add(const std::string& kind, const nlohmann::ordered_json& fields) const {
  nlohmann::ordered_json event = {{"time", unix_time()},
                                  {"attempt", attempt_},
                                  {"rank", rank_},
                                  {"host", host_},
                                  {"kind", kind}};
  event.update(fields);
  append_line(path_, event.dump());
}

}  // namespace intr
