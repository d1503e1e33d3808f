// SPDX-License-Identifier: Apache-2.0
#include "intr/train/job_supervision.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <set>
#include <sstream>
#include <string_view>
#include <thread>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/stopwatch.h"
#include "intr/io/atomic_file.h"
#include "intr/train/replica_guard.h"
#include "intr/train/stall_report.h"

namespace intr {
namespace {

const Tag kTag{.section = "start"};
/// What launchers send to the other ranks when one has died.
constexpr std::string_view kCleanUpSignal = "SIGTERM";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// What every rank says, on all ranks.
std::vector<std::string> texts_of_ranks(const std::string& mine, Communicator& communicator,
                                        const Tag& tag) {
  const auto gathered = communicator.gather(std::as_bytes(std::span(mine)), 0, tag);
  std::string all;
  for (const auto& bytes : gathered) all += text_of(bytes) + "\n";
  return lines_of(communicator.broadcast_text(all, 0, tag));
}

Attempt& joined(Attempt& attempt, Communicator& communicator) {
  attempt.join(communicator);
  return attempt;
}

/// A limit that the user sets holds for the first step, too, where it is longer.
SectionLimits limits_of(const TrainOptions& options) {
  return {.step_s = static_cast<double>(options.hang_limit)};
}

[[noreturn]] void leave_now() { ::_exit(static_cast<int>(ExitCode::kPeerLost)); }

/// The file system may be what hangs: then no report is better than no end.
void leave_at_last() {
  static constexpr std::chrono::seconds kPatience(60);
  std::thread([] {
    std::this_thread::sleep_for(kPatience);
    leave_now();
  }).detach();
}

void pause_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

Cause cause_of_stop(std::string_view name) {
  if (name == "deadline") return Cause::kDeadline;
  if (name == "HALT") return Cause::kHalt;
  return Cause::kStopSignal;
}

}  // namespace

JobSupervision::JobSupervision(const TrainOptions& options, Communicator& communicator,
                               Attempt& attempt, std::function<const char*()> stop_signal,
                               RunTrace& trace)
    : attempt_(joined(attempt, communicator)),
      trace_(trace),
      stop_signal_(std::move(stop_signal)),
      guard_every_(options.guard_every),
      nodes_(texts_of_ranks(communicator.info().node, communicator, kTag)),
      events_(options.out, attempt.name(), communicator.rank()),
      faults_(parse_faults(options.inject), communicator.rank(), events_),
      sections_(limits_of(options), steady_seconds()),
      communicator_(communicator, sections_),
      watchdog_(
          sections_,
          {// Where one rank is alone, no other one can be the reason why a stop takes long.
           .stop_wanted = [this] { return nodes_.size() > 1 && stop_signal_() == kCleanUpSignal; },
           .warn = [this](const WatchedPlace& place) { warn(place); },
           .stalled = [this](const WatchedPlace& place) { end_stalled(place); },
           .stop_overdue = [this](const WatchedPlace& place) { end_overdue_stop(place); },
           .check_peers = [this] { communicator_.check_peers(); },
           .peer_lost = [this](const PeerError& lost) { end_without(lost); }}) {}

void JobSupervision::start_at(std::int64_t step, std::int64_t restarts) {
  faults_.set_restarts(restarts);
  communicator_.set_delay(faults_.wire_delay());
  attempt_.set_step(step);
  agreed_step_ = step;
  trace_.start(communicator_);
}

void JobSupervision::enter(Section section, std::int64_t step) {
  sections_.enter(section, step, steady_seconds());
}

void JobSupervision::beat() { sections_.beat(steady_seconds()); }

void JobSupervision::begin_step(std::int64_t step, FlatState& state) {
  enter(Section::kStep, step);
  trace_.begin_step(step);
  faults_.begin_step(step, state);
}

void JobSupervision::after_step(const StepReport& report, const FlatState& state) {
  const std::int64_t step = report.after.step;
  attempt_.set_step(step);
  compute_s_ += report.times.total() - report.times.exposed;
  images_ += static_cast<double>(report.loader.images);
  if (guard_every_ > 0 && step % guard_every_ == 0) {
    require_equal_replicas(replica_hash(state), step, nodes_, communicator_);
    agreed_step_ = step;
  }
  if (step % StragglerWatch::kSteps == 0) compare_speed(step);
}

void JobSupervision::compare_speed(std::int64_t step) {
  const std::array<double, 2> mine = {compute_s_, images_};
  compute_s_ = images_ = 0;
  const auto gathered = communicator_.gather(std::as_bytes(std::span(mine)), 0,
                                             {.section = "speed of the ranks", .step = step});
  std::vector<double> seconds, images;  // none but on rank 0
  for (const std::vector<std::byte>& bytes : gathered) {
    std::array<double, 2> theirs = {};
    std::memcpy(theirs.data(), bytes.data(), sizeof theirs);
    seconds.push_back(theirs[0]);
    images.push_back(theirs[1]);
  }
  for (const Straggler& straggler : stragglers_.add(seconds, images)) {
    const std::string& node = nodes_[straggler.rank];
    log::warning(
        "rank {} on node {} computes {:.2f} times as long as the median, {} times in a row",
        straggler.rank, node, straggler.ratio, StragglerWatch::kTimes);
    events_.add("straggler", {{"step", step},
                              {"slow_rank", straggler.rank},
                              {"node", node},
                              {"ratio", straggler.ratio}});
    const std::string list = attempt_.run_folder() + "/exclude.txt";
    const std::vector<std::string> known =
        std::filesystem::exists(list) ? lines_of(read_file(list)) : std::vector<std::string>{};
    if (std::find(known.begin(), known.end(), node) == known.end()) append_line(list, node);
  }
}

void JobSupervision::explain(const DivergedError& error, const SuspectSamples& suspects) {
  const Tag tag{.section = "samples of a bad step"};
  const auto all = texts_of_ranks(
      fmt::format("{} {}", suspects.certain() ? 1 : 0, fmt::join(suspects.ids(), " ")),
      communicator_, tag);
  std::set<std::int64_t> certain, possible;
  for (const std::string& line : all) {
    std::istringstream words(line);
    int is_certain = 0;
    words >> is_certain;
    for (std::int64_t id = 0; words >> id;) (is_certain != 0 ? certain : possible).insert(id);
  }
  constexpr std::size_t kMost = 48;
  const std::set<std::int64_t>& ids = certain.empty() ? possible : certain;
  std::vector<std::int64_t> shown(ids.begin(), ids.end());
  const std::size_t rest = shown.size() - std::min(shown.size(), kMost);
  shown.resize(shown.size() - rest);
  throw DivergedError(fmt::format(
      "{}. {}: {}{}", error.what(),
      certain.empty() ? "Sample ids of that step" : "Sample ids with a loss that was not finite",
      fmt::join(shown, " "), rest > 0 ? fmt::format(" and {} more", rest) : ""));
}

void JobSupervision::leave(ExitCode code, std::int64_t step, const std::string& reason) {
  enter(Section::kLeave, step);
  trace_.write(communicator_);
  attempt_.set_step(step);
  if (attempt_.rank() != 0) return;
  const bool stopped = code == ExitCode::kStopped;
  attempt_.record(
      {code, stopped ? cause_of_stop(reason) : cause_of(code),
       stopped ? fmt::format("stopped by {}", reason.empty() ? "a request to another rank" : reason)
               : ""});
}

void JobSupervision::warn(const WatchedPlace& place) const {
  log::warning(
      "rank {} on node {}: no progress in section {} (step {}{}) for {:.0f} s; at {:.0f} s "
      "the job ends",
      attempt_.rank(), attempt_.host(), word_of(place.section), place.step,
      place.waiting > 0 ? fmt::format(", waiting in {}", describe(place.last)) : "", place.seconds,
      place.limit_s);
}

void JobSupervision::report_stall(const WatchedPlace& place) const {
  try {
    write_stall_report(attempt_.stall_folder(),
                       stall_report(place, attempt_.rank(), attempt_.host()));
  } catch (const std::exception& error) {
    log::warning("no stall report of this rank: {}", error.what());
  }
  trace_.write_part();
}

/// The launcher ends all ranks as soon as one leaves: the lowest one with a report speaks for all
/// and leaves first. If even that one cannot, the others follow.
void JobSupervision::end_stalled(const WatchedPlace& place) {
  leave_at_last();
  report_stall(place);
  pause_for(std::min(5.0, place.limit_s / 2));
  const std::vector<StallReport> reports = read_stall_reports(attempt_.stall_folder());
  if (!reports.empty() && reports.front().rank != attempt_.rank()) pause_for(10);
  const std::string message = reports.empty()
                                  ? fmt::format("no progress in section {} for {:.0f} s",
                                                word_of(place.section), place.seconds)
                                  : name_ranks_behind(reports, nodes_);
  if (attempt_.record({ExitCode::kPeerLost, Cause::kHang, message})) {
    try {
      events_.add("stall", {{"step", place.step}, {"message", message}});
    } catch (const Error& error) {
      log::warning("no event: {}", error.what());
    }
    log::error("{}. Next: started again, the run resumes; stacks are in {}", message,
               attempt_.stall_folder());
  }
  leave_now();
}

/// After a death launchers send SIGTERM to the others and give them little time. So a stop that
/// takes long is taken for that.
void JobSupervision::end_overdue_stop(const WatchedPlace& place) {
  end_without(PeerError(
      fmt::format(
          "asked to stop by {}, but section {} (step {}) did not end: another rank is gone or "
          "hangs",
          stop_signal_(), word_of(place.section), place.step),
      {}, "started again, the run resumes"));
}

void JobSupervision::end_without(const PeerError& lost) {
  leave_at_last();
  attempt_.record({ExitCode::kPeerLost, Cause::kPeerLost, lost.what()});
  trace_.write_part();
  log::error("{}", lost.what());
  leave_now();
}

}  // namespace intr
