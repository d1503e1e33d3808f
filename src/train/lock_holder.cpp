// SPDX-License-Identifier: Apache-2.0
#include "intr/train/lock_holder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <type_traits>

#include "intr/core/host_name.h"
#include "intr/core/printable.h"
#include "intr/train/job_status.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

/// Calls visit(name, member) for each member, in the order of the file. On disk: never rename.
template <class Holder, class Visit>
void for_each_member(Holder& holder, const Visit& visit) {
  visit("token", holder.token);
  visit("cluster", holder.cluster);
  visit("job", holder.job);
  visit("restart", holder.restart);
  visit("host", holder.host);
  visit("boot", holder.boot);
  visit("pid", holder.pid);
  visit("started", holder.started);
  visit("since", holder.since);
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string boot_id() { return first_line("/proc/sys/kernel/random/boot_id"); }

/// What the kernel says of a process, see proc(5); all "" if there is none.
struct ProcessFacts {
  std::string state;    ///< "R", "S", … "Z"
  std::string flags;    ///< PF_… of the kernel
  std::string started;  ///< clock ticks since boot
};

ProcessFacts facts_of(std::int64_t pid) {
  ProcessFacts facts;
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = line.rfind(')');  // the name may hold spaces and parentheses
  if (name_end == std::string::npos) return facts;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int number = 3; fields >> field; ++number) {  // the name is the second
    if (number == 3) facts.state = field;
    if (number == 9) facts.flags = field;
    if (number == 22) facts.started = field;
  }
  return facts;
}

/// A field of /proc/PID/status such as "SigPnd"; "" if there is none.
std::string status_field(std::int64_t pid, const std::string& name) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  return {};
}

bool is_killed(const std::string& pending_signals) {
  const std::uint64_t mask = std::strtoull(pending_signals.c_str(), nullptr, 16);
  return (mask >> (SIGKILL - 1) & 1) != 0;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string random_token() {
  std::random_device device;
  std::string token;
  for (int i = 0; i < 4; ++i) token += fmt::format("{:08x}", device());
  return token;
}

}  // namespace

LockHolder LockHolder::this_process() {
  return {.token = random_token(),
          .cluster = variable("SLURM_CLUSTER_NAME"),
          .job = variable("SLURM_JOB_ID"),
          .restart = restarts_of_job(),
          .host = host_name(),
          .boot = boot_id(),
          .pid = ::getpid(),
          .started = facts_of(::getpid()).started,
          .since = static_cast<std::int64_t>(std::time(nullptr))};
}

std::optional<LockHolder> LockHolder::parse(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  LockHolder holder;
  bool whole = json.is_object();
  for_each_member(holder, [&](const char* name, auto& member) {
    using Member = std::remove_reference_t<decltype(member)>;
    if (!whole || !json.contains(name)) {
      whole = false;
      return;
    }
    const Json& value = json.at(name);
    whole = std::is_same_v<Member, std::string> ? value.is_string() : value.is_number_integer();
    if (whole) member = value.get<Member>();
  });
  if (!whole || holder.token.empty()) return {};
  return holder;
}

std::string LockHolder::text() const {
  Json json;
  for_each_member(*this, [&](const char* name, const auto& member) { json[name] = member; });
  return json.dump() + "\n";
}

std::string LockHolder::shown() const {
  std::string text = fmt::format("host {}, process {}", printable(host), pid);
  if (!job.empty()) text += fmt::format(", job {} (restart {})", printable(job), restart);
  const auto time = static_cast<std::time_t>(since);
  std::tm utc = {};
  if (::gmtime_r(&time, &utc) != nullptr) text += fmt::format(", since {:%F %T} UTC", utc);
  return text;
}

LockHolder::Presence LockHolder::presence() const {
  if (host != host_name()) return Presence::kElsewhere;
  if (boot != boot_id() || pid <= 0) return Presence::kGone;
  const ProcessFacts facts = facts_of(pid);
  // What is left of a zombie is its status; threads that it may still have keep the file locked.
  return facts.started == started && facts.state != "Z" ? Presence::kHere : Presence::kGone;
}

bool LockHolder::is_dying() const {
  if (host != host_name() || boot != boot_id()) return false;
  const ProcessFacts facts = facts_of(pid);
  if (facts.started != started) return false;
  constexpr unsigned long long kExiting = 4;  // PF_EXITING
  return facts.state == "Z" || (std::strtoull(facts.flags.c_str(), nullptr, 10) & kExiting) != 0 ||
         is_killed(status_field(pid, "SigPnd")) || is_killed(status_field(pid, "ShdPnd"));
}

}  // namespace intr
