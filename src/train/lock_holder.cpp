// SPDX-License-Identifier: Apache-2.0
#include "intr/train/lock_holder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <type_traits>

#include "intr/core/host_name.h"
#include "intr/core/printable.h"

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

/// Start time of a process in clock ticks since boot; "" if there is none.
std::string start_time(std::int64_t pid) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = line.rfind(')');  // the name may hold spaces and parentheses
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  constexpr int kFieldsToStartTime = 20;  // field 22 of the line; the first after the name is 3
  for (int i = 0; i < kFieldsToStartTime; ++i) fields >> field;
  return field;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
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
          .restart = number_of(variable("SLURM_RESTART_COUNT")),  // unset in the first run
          .host = host_name(),
          .boot = boot_id(),
          .pid = ::getpid(),
          .started = start_time(::getpid()),
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
  const bool here = boot == boot_id() && pid > 0 && start_time(pid) == started;
  return here ? Presence::kHere : Presence::kGone;
}

}  // namespace intr
