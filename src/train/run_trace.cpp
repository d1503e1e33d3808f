// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_trace.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "intr/core/chrome_trace.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/trace.h"
#include "intr/io/atomic_file.h"
#include "intr/io/output_file.h"

namespace intr {
namespace {

const Tag kTag{.section = "trace"};

/// A Chrome trace on its way to disk, part by part.
class TraceFile {
 public:
  explicit TraceFile(const std::string& path) : file_(path), out_(file_.temporary_path()) {
    write(kChromeTraceBegin);
  }
  void add(std::span<const std::byte> part) {
    if (std::exchange(any_, true)) write(kChromeTraceBetween);
    out_.write(part);
  }
  void close() {
    write(kChromeTraceEnd);
    out_.close();
    file_.commit();
  }

 private:
  void write(std::string_view text) { out_.write(std::as_bytes(std::span(text))); }
  AtomicFile file_;
  OutputFile out_;
  bool any_ = false;
};

/// Now, not after hours of training.
void require_writable(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) make_folder(folder);
  if (std::filesystem::is_directory(file))
    throw EnvironmentError("a folder cannot become a trace", file, "give --trace a file");
  const TraceFile probe(file);  // its destructor removes it
}

std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

}  // namespace

TraceSteps TraceSteps::parse(const std::string& text) {
  TraceSteps steps;
  if (text.empty()) return steps;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, steps.first);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == ':') {
    const auto last = std::from_chars(first.ptr + 1, end, steps.last);
    if (last.ec == std::errc() && last.ptr == end && 1 <= steps.first && steps.first <= steps.last)
      return steps;
  }
  throw UsageError(fmt::format("'{}' is no range of steps", text), "--trace-steps",
                   "give the first and the last step, the run's first is 1: 101:110");
}

RunTrace::RunTrace(std::string file, const std::string& steps)
    : file_(std::move(file)), steps_(TraceSteps::parse(steps)), all_(steps.empty()) {}

RunTrace::~RunTrace() {
  if (std::uncaught_exceptions() > 0) write_part();
}

void RunTrace::start(Communicator& communicator) {
  if (file_.empty()) return;
  rank_ = communicator.rank();
  name_ = fmt::format("rank {} ({})", rank_, communicator.info().node);
  if (rank_ == 0) require_writable(file_);
  communicator.barrier(kTag);
  trace::start(kMostEvents);
  trace::record(all_);
  started_ = true;
}

void RunTrace::begin_step(std::int64_t step) {
  if (!started_) return;
  const bool wanted = steps_.covers(step);
  seen_ = seen_ || wanted;
  trace::record(wanted);
  if (wanted) trace::counter("resident memory, bytes", resident_bytes());
}

void RunTrace::write(Communicator& communicator) {
  if (!started_.exchange(false)) return;
  const trace::Recording recording = trace::take();
  if (!seen_ && !all_) {  // on all ranks alike
    log::info("none of the steps {} to {} was done: no trace", steps_.first, steps_.last);
    return;
  }
  const std::string text = chrome_events(recording, rank_, name_);
  std::optional<TraceFile> file;
  std::string trouble;  // kept, so that the others can go on sending
  const auto on_disk = [&](const auto& action) {
    if (rank_ != 0 || !trouble.empty()) return;
    try {
      action();
    } catch (const Error& error) {
      trouble = error.what();
    }
  };
  on_disk([&] { file.emplace(file_); });
  // One after another: rank 0 never holds more than one part beside its own.
  for (int from = 0; from < communicator.world_size(); ++from) {
    std::span<const std::byte> mine;
    if (from == rank_) mine = std::as_bytes(std::span(text));
    const auto parts = communicator.gather(mine, 0, kTag);
    on_disk([&] { file->add(parts[static_cast<std::size_t>(from)]); });
  }
  on_disk([&] { file->close(); });
  if (!trouble.empty())
    log::warning("no trace: {}", trouble);
  else
    log::info("trace: {}", file_);
}

void RunTrace::write_part() noexcept {
  if (!started_.exchange(false)) return;
  try {
    const trace::Recording recording = trace::take();
    if (recording.events.empty()) return;
    const std::string text = chrome_events(recording, rank_, name_);
    TraceFile file(fmt::format("{}.rank{}.json", file_, rank_));
    file.add(std::as_bytes(std::span(text)));
    file.close();
  } catch (const std::exception& error) {
    log::warning("no trace of this rank: {}", error.what());
  }
}

}  // namespace intr
