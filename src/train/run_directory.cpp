// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_directory.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "intr/train/attempt.h"
#include "intr/train/metrics_csv.h"
#include "intr/weights/checkpoint_manifest.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
constexpr const char* kMetrics = "metrics.jsonl";
constexpr const char* kMetricsCsv = "metrics.csv";
constexpr const char* kEpochs = "log.txt";
constexpr const char* kDone = "DONE";

std::string made_folder(std::string path) {
  make_folder(path);
  return path;
}

}  // namespace

double unix_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) /
         1000.0;
}

RunDirectory::RunDirectory(std::string path, bool take_lock)
    : path_(made_folder(std::move(path))),
      lock_(path_, take_lock),
      events_(path_, attempt_name(), 0) {}

std::string RunDirectory::checkpoint_folder() const { return path_ + "/" + kCheckpointFolder; }

void RunDirectory::write_config(const nlohmann::ordered_json& config) {
  write_json(path_ + "/config.json", config);
}

void RunDirectory::write_import(const nlohmann::ordered_json& report) {
  write_json(path_ + "/import.json", report);
}

void RunDirectory::append_metrics(const nlohmann::ordered_json& record) {
  lock_.require_held();
  append_line(path_ + "/" + kMetrics, record.dump());
  const std::string csv = path_ + "/" + kMetricsCsv;
  if (!fs::exists(csv)) append_line(csv, metrics_csv_header());
  append_line(csv, metrics_csv_line(record));
}

void RunDirectory::append_epoch(const nlohmann::ordered_json& record) {
  lock_.require_held();
  append_line(path_ + "/" + kEpochs, record.dump());
}

void RunDirectory::append_event(const std::string& kind, const nlohmann::ordered_json& fields) {
  events_.add(kind, fields);
}

std::int64_t RunDirectory::filter_lines(const char* file, const Keep& keep) {
  const std::string path = path_ + "/" + file;
  if (!fs::exists(path)) return 0;
  const std::string text = read_file(path);
  std::istringstream lines(text);
  std::string kept;
  std::int64_t dropped = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::ordered_json::parse(line, nullptr, false);
    if (record.is_object() && keep(record))
      kept += line + "\n";
    else
      ++dropped;
  }
  if (kept != text) write_file(path, kept);
  return dropped;
}

std::int64_t RunDirectory::drop_records_beyond(const Resumption& at) {
  const std::int64_t none = -1;
  std::int64_t dropped = filter_lines(kMetrics, [&](const nlohmann::ordered_json& record) {
    const std::int64_t step = record.value("step", none);
    const bool repeated = at.repeat_evaluation && record.value("kind", "") == "eval";
    return repeated ? step < at.step : step <= at.step;
  });
  dropped += filter_lines(kEpochs, [&](const nlohmann::ordered_json& record) {
    return record.value("epoch", none) < at.epochs_logged;
  });
  rewrite_csv();
  return dropped;
}

/// From metrics.jsonl: the two never differ.
void RunDirectory::rewrite_csv() {
  if (!fs::exists(path_ + "/" + kMetrics)) return;
  std::istringstream lines(read_file(path_ + "/" + kMetrics));
  std::string csv = metrics_csv_header() + "\n";
  for (std::string line; std::getline(lines, line);)
    csv += metrics_csv_line(nlohmann::ordered_json::parse(line)) + "\n";
  write_file(path_ + "/" + kMetricsCsv, csv);
}

double RunDirectory::first_start() const {
  double time = unix_time();
  const std::string path = path_ + "/" + kEventsFile;
  if (!fs::exists(path)) return time;
  std::istringstream lines(read_file(path));
  bool found = false;
  for (std::string line; std::getline(lines, line);) {
    const auto event = nlohmann::ordered_json::parse(line, nullptr, false);
    if (!event.is_object()) continue;
    const std::string kind = event.value("kind", "");
    const bool fresh = event.value("fresh", false);  // begins another run in the same folder
    if ((kind != "start" && kind != "resume") || (found && !fresh)) continue;
    time = event.value("time", time);
    found = true;
  }
  return time;
}

void RunDirectory::set_records_aside() {
  for (const char* file : {kMetrics, kMetricsCsv, kEpochs}) {
    const std::string path = path_ + "/" + file;
    if (!fs::exists(path)) continue;
    int number = 1;
    while (fs::exists(fmt::format("{}.old-{}", path, number))) ++number;
    std::error_code error;
    fs::rename(path, fmt::format("{}.old-{}", path, number), error);
    if (error) throw EnvironmentError("cannot rename it: " + error.message(), path);
  }
}

std::int64_t RunDirectory::done_step() const {
  const std::string path = path_ + "/" + kDone;
  if (!fs::exists(path)) return -1;
  return std::strtoll(read_file(path).c_str(), nullptr, 10);
}

void RunDirectory::mark_done(std::int64_t step) {
  lock_.require_held();
  write_file(path_ + "/" + kDone, fmt::format("{}\n", step));
}

void RunDirectory::unmark_done() {
  std::error_code ignored;
  fs::remove(path_ + "/" + kDone, ignored);
}

}  // namespace intr
