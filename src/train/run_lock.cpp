// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_lock.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "intr/core/error.h"
#include "intr/core/host_name.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Start time of a process in clock ticks since boot; "" if there is none. A process number is used
/// again, the pair is not.
std::string start_time(long long pid) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = line.rfind(')');  // the name may hold spaces and parentheses
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  constexpr int kFieldsToStartTime = 20;  // field 22 of the line; the first after the name is 3
  for (int i = 0; i < kFieldsToStartTime; ++i) fields >> field;
  return field;
}

nlohmann::ordered_json this_process() {
  return {{"host", host_name()},
          {"boot", first_line("/proc/sys/kernel/random/boot_id")},
          {"pid", static_cast<long long>(::getpid())},
          {"started", start_time(::getpid())}};
}

bool is_stale(const nlohmann::ordered_json& holder) {
  if (!holder.is_object()) return false;
  if (holder.value("host", "") != host_name()) return false;
  if (holder.value("boot", "") != first_line("/proc/sys/kernel/random/boot_id")) return true;
  const auto pid = holder.value("pid", 0LL);
  return pid <= 0 || start_time(pid) != holder.value("started", "");
}

/// True if the lock was free and is ours now.
bool make_lock(const std::string& path, const std::string& contents) {
  const std::string temporary = fmt::format("{}.tmp-{}", path, ::getpid());
  write_file(temporary, contents);
  const int result = ::link(temporary.c_str(), path.c_str());  // fails if it exists, on NFS too
  const int error_number = errno;
  ::unlink(temporary.c_str());
  if (result != 0 && error_number != EEXIST) throw_system_error("lock", path, error_number);
  return result == 0;
}

}  // namespace

RunLock::RunLock(const std::string& folder, bool force)
    : path_(folder + "/run.lock"), contents_(this_process().dump() + "\n") {
  if (make_lock(path_, contents_)) return;
  const std::string found = first_line(path_);
  const auto holder = nlohmann::ordered_json::parse(found, nullptr, false);
  if (!force && !is_stale(holder)) {
    throw EnvironmentError(
        fmt::format("another job works in this run directory: {}", found), path_,
        "wait for it, choose another --out, or, if it is surely gone, add --take-lock");
  }
  log::info("the lock of an ended job is replaced: {}", found);
  write_file(path_, contents_);
}

void RunLock::require_held() const {
  const std::string found = first_line(path_);
  if (found + "\n" == contents_) return;
  throw PeerError(
      found.empty() ? "the lock of this job is gone" : "another job took the run over: " + found,
      path_, "leave the run to that job; nothing more is written by this one");
}

RunLock::~RunLock() {
  if (first_line(path_) + "\n" != contents_) return;  // taken over by another job
  std::error_code ignored;
  fs::remove(path_, ignored);
}

}  // namespace intr
