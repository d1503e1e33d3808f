// SPDX-License-Identifier: Apache-2.0
#include "intr/train/stall_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/core/thread_stacks.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json stacks_json() {
  Json stacks = Json::array();
  for (const ThreadStack& stack : thread_stacks())
    stacks.push_back({{"thread", stack.thread}, {"name", stack.name}, {"frames", stack.frames}});
  return stacks;
}

StallReport from_json(const Json& json, const std::string& where) {
  return {.rank = json_member<int>(json, "rank", where),
          .host = json_member<std::string>(json, "host", where),
          .section = json_member<std::string>(json, "section", where),
          .step = json_member<std::int64_t>(json, "step", where),
          .bucket = json_member<std::int64_t>(json, "bucket", where),
          .seconds = json_member<double>(json, "seconds", where),
          .collectives = json_member<std::int64_t>(json, "collectives", where),
          .last_collective = json_member<std::string>(json, "last_collective", where)};
}

/// Every rank is listed that says so much, up to a few.
std::string listed(const std::vector<std::string>& ranks) {
  constexpr std::size_t kMost = 8;
  if (ranks.size() <= kMost) return fmt::format("{}", fmt::join(ranks, ", "));
  const std::vector<std::string> first(ranks.begin(), ranks.begin() + kMost);
  return fmt::format("{} and {} more", fmt::join(first, ", "), ranks.size() - kMost);
}

}  // namespace

StallReport stall_report(const WatchedPlace& place, int rank, const std::string& host) {
  return {.rank = rank,
          .host = host,
          .section = word_of(place.section),
          .step = place.step,
          .bucket = place.last.bucket,
          .seconds = place.seconds,
          .collectives = place.collectives,
          .last_collective = place.collectives > 0 ? describe(place.last) : ""};
}

void write_stall_report(const std::string& folder, const StallReport& report) {
  make_folder(folder);
  write_json(fmt::format("{}/{}.json", folder, report.rank),
             {{"rank", report.rank},
              {"host", report.host},
              {"section", report.section},
              {"step", report.step},
              {"bucket", report.bucket},
              {"seconds", report.seconds},
              {"collectives", report.collectives},
              {"last_collective", report.last_collective},
              {"stacks", stacks_json()}});
}

std::vector<StallReport> read_stall_reports(const std::string& folder) {
  std::map<int, StallReport> reports;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() != ".json") continue;
    try {
      StallReport report = from_json(read_json(entry.path().string()), entry.path().string());
      reports[report.rank] = std::move(report);
    } catch (const Error&) {  // a rank that wrote no whole report counts as one without
      continue;
    }
  }
  std::vector<StallReport> sorted;
  for (auto& [rank, report] : reports) sorted.push_back(std::move(report));
  return sorted;
}

std::string name_ranks_behind(const std::vector<StallReport>& reports,
                              const std::vector<std::string>& nodes) {
  const auto begun = [](const StallReport& a, const StallReport& b) {
    return a.collectives < b.collectives;
  };
  const StallReport& ahead = *std::max_element(reports.begin(), reports.end(), begun);
  const StallReport& waited = *std::max_element(
      reports.begin(), reports.end(),
      [](const StallReport& a, const StallReport& b) { return a.seconds < b.seconds; });
  std::vector<bool> reported(nodes.size(), false);
  std::vector<std::string> behind;
  for (const StallReport& report : reports) {
    if (report.rank >= 0 && checked_cast<std::size_t>(report.rank) < nodes.size())
      reported[checked_cast<std::size_t>(report.rank)] = true;
    if (report.collectives < ahead.collectives)
      behind.push_back(fmt::format("rank {} on node {}", report.rank, report.host));
  }
  std::vector<std::string> silent;
  for (std::size_t rank = 0; rank < nodes.size(); ++rank)
    if (!reported[rank]) silent.push_back(fmt::format("rank {} on node {}", rank, nodes[rank]));
  const std::string place = ahead.last_collective.empty() ? ahead.section : ahead.last_collective;
  const std::string span = fmt::format("for {:.0f} s", waited.seconds);
  std::string text;
  if (!behind.empty()) text = fmt::format("{} has not reached {} {}", listed(behind), place, span);
  if (!silent.empty())
    text += fmt::format("{}{} gave no sign of life while others waited in {} {}",
                        text.empty() ? "" : "; ", listed(silent), place, span);
  if (text.empty())
    text = fmt::format(
        "no rank went on {}: all are in section {} and began the same collectives, "
        "the last one is {}",
        span, ahead.section, place);
  return text;
}

}  // namespace intr
