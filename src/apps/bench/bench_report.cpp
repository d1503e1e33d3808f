// SPDX-License-Identifier: Apache-2.0
#include "bench_report.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string_view>

#include "intr/core/affinity.h"
#include "intr/core/quantile.h"
#include "intr/core/version.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

/// A field of /proc/cpuinfo, "" where there is none.
std::string processor_field(const std::string& name) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name)) {
      const std::size_t colon = line.find(": ");
      return colon == std::string::npos ? "" : line.substr(colon + 2);
    }
  return {};
}

void say(const Json& message) {
  fmt::print("{}\n", message.dump());
  std::fflush(stdout);
}

}  // namespace

Json spread(const std::vector<double>& values) {
  return {
      {"median", median(values)}, {"p10", quantile(values, 0.1)}, {"p90", quantile(values, 0.9)}};
}

Json machine_facts() {
  utsname system = {};
  uname(&system);
  Json features = Json::array();
  std::istringstream flags(processor_field("flags"));
  for (std::string flag; flags >> flag;)
    for (const char* known : {"avx2", "avx512f", "avx512bw", "avx512_bf16", "amx_bf16"})
      if (flag == known) features.push_back(flag);
  const double pages = static_cast<double>(sysconf(_SC_PHYS_PAGES));
  const double page_bytes = static_cast<double>(sysconf(_SC_PAGE_SIZE));
  return {{"cpu", processor_field("model name")},
          {"cores", available_cores()},
          {"features", features},
          {"memory_mb", std::round(pages * page_bytes / (1 << 20))},
          {"gpu", nullptr},
          {"system", fmt::format("{} {}", system.sysname, system.release)}};
}

Json build_facts() { return {{"version", version()}, {"facts", base_build_facts()}}; }

double peak_rss_mb() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double processor_seconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

void serve(Json ready, const std::function<Json()>& round) {
  Json first = {{"ready", true}};
  first.update(ready);
  say(first);
  char line[64];
  while (std::fgets(line, sizeof line, stdin) != nullptr)
    if (std::string_view(line) == "round\n") say(round());
  say({{"done", true}, {"peak_rss_mb", peak_rss_mb()}});
}

}  // namespace intr
