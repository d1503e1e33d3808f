// SPDX-License-Identifier: Apache-2.0
#include "intr/train/stop_reasons.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/stopwatch.h"

namespace intr {
namespace {

constexpr const char* kDeadline = "INTR_DEADLINE";
constexpr double kSpare = 60;           ///< seconds that are left after the last save
constexpr double kUnmeasuredSave = 30;  ///< seconds of a save before one was measured
constexpr double kLookEvery = 10;       ///< seconds between looks for HALT

/// The deadline on the steady clock, which nobody sets: asked once. 0 if there is none.
double steady_deadline() {
  const char* text = std::getenv(kDeadline);
  if (text == nullptr || *text == '\0') return 0;
  std::int64_t deadline = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), deadline);
  if (error != std::errc() || *end != '\0' || deadline <= 0)
    throw EnvironmentError(std::string("'") + text + "' is no time", kDeadline,
                           "give whole seconds since 1970, as $(date +%s) prints, or unset it");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return steady_seconds() + static_cast<double>(deadline) -
         std::chrono::duration<double>(now).count();
}

}  // namespace

StopReasons::StopReasons(StopSource signals, std::string run_directory)
    : signals_(std::move(signals)) {
  if (run_directory.empty()) return;
  halt_ = run_directory + "/HALT";
  deadline_s_ = steady_deadline();
}

bool StopReasons::requested() {
  if (*reason_ != '\0') return true;
  if (signals_.requested()) return true;
  if (near_deadline())
    reason_ = "deadline";
  else if (halted())
    reason_ = "HALT";
  return *reason_ != '\0';
}

const char* StopReasons::name() const { return *reason_ != '\0' ? reason_ : signals_.name(); }

void StopReasons::saw_save(double seconds) { longest_save_s_ = std::max(longest_save_s_, seconds); }

StopSource StopReasons::source() {
  return {.requested = [this] { return requested(); }, .name = [this] { return name(); }};
}

bool StopReasons::near_deadline() const {
  if (deadline_s_ == 0) return false;
  const double save = longest_save_s_ > 0 ? longest_save_s_ : kUnmeasuredSave;
  return steady_seconds() >= deadline_s_ - save - kSpare;
}

bool StopReasons::halted() {
  if (halt_.empty()) return false;
  const double now = steady_seconds();
  if (now < next_look_s_) return false;
  next_look_s_ = now + kLookEvery;
  std::error_code ignored;
  return std::filesystem::exists(halt_, ignored);
}

}  // namespace intr
