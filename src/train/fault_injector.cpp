// SPDX-License-Identifier: Apache-2.0
#include "intr/train/fault_injector.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <limits>
#include <thread>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/train/job_status.h"

namespace intr {
namespace {

using Kind = Fault::Kind;

/// No handler, no destructor and no buffer runs: what a machine does that loses its power.
[[noreturn]] void kill_this_process() {
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

void flip_bit(const Fault& fault, const at::Tensor& values) {
  if (fault.index >= values.numel())
    throw UsageError(fmt::format("index={}, but there are {} values", fault.index, values.numel()),
                     "--inject");
  const at::NoGradGuard no_grad;
  at::Tensor one = values.narrow(0, fault.index, 1);
  const auto bits = std::bit_cast<std::uint32_t>(one.item<float>());
  one.fill_(std::bit_cast<float>(bits ^ (std::uint32_t{1} << fault.bit)));
}

bool at_this_step(const Fault& fault, std::int64_t step) {
  switch (fault.kind) {
    case Kind::kSlow:
      return step >= fault.from && step <= fault.to;
    case Kind::kNan:
      return step >= fault.step && step < fault.step + fault.count;
    case Kind::kDelay:
      return true;  // told once; the communicator does it
    case Kind::kSave:
    case Kind::kRead:
      return false;
    default:
      return step == fault.step;
  }
}

}  // namespace

FaultInjector::FaultInjector(const std::vector<Fault>& faults, int rank, EventLog events)
    : events_(std::move(events)), restarts_(restarts_of_job()) {
  for (const Fault& fault : faults) {
    const bool everywhere = fault.kind == Kind::kDelay || fault.kind == Kind::kSave;
    if (!everywhere && fault.rank != rank) continue;
    faults_.push_back(fault);
    told_.push_back(std::make_unique<std::atomic<bool>>(false));
  }
}

void FaultInjector::set_restarts(std::int64_t restarts) noexcept {
  restarts_ = std::max(restarts_.load(), restarts);
}

bool FaultInjector::due(const Fault& fault) const noexcept {
  return fault.every_attempt || restarts_ == 0;
}

/// Writes the event at the first time. @return whether it was the first
bool FaultInjector::fire(std::size_t number, std::int64_t step) {
  if (told_[number]->exchange(true)) return false;
  try {
    events_.add("inject", {{"fault", faults_[number].text}, {"step", step}});
  } catch (const std::exception& error) {
    log::warning("a fault is injected, without an event: {}", error.what());
  }
  return true;
}

void FaultInjector::begin_step(std::int64_t step, FlatState& state) {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (!at_this_step(faults_[i], step) || !due(faults_[i])) continue;
    fire(i, step);
    act(faults_[i], step, state);
  }
}

void FaultInjector::act(const Fault& fault, std::int64_t step, FlatState& state) {
  switch (fault.kind) {
    case Kind::kKill:
      kill_this_process();
    case Kind::kSegv:
      ::raise(SIGSEGV);
      return;
    case Kind::kHang:
      log::warning("hanging in step {}, as asked for", step);
      while (true) std::this_thread::sleep_for(std::chrono::hours(1));
    case Kind::kExit:
      ::_exit(static_cast<int>(fault.code));
    case Kind::kSlow:
      std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(fault.ms));
      return;
    case Kind::kNan:
      // Backward adds to what is there, and nothing takes it away again.
      state.grad().narrow(0, 0, 1).fill_(std::numeric_limits<float>::quiet_NaN());
      return;
    case Kind::kFlip:
      flip_bit(fault, state.param());
      return;
    case Kind::kSignal:
      for (std::int64_t i = 0; i < fault.count; ++i) ::kill(::getpid(), fault.signal);
      return;
    case Kind::kDelay:
    case Kind::kSave:
    case Kind::kRead:
      return;
  }
}

WireDelay FaultInjector::wire_delay() const {
  WireDelay delay;
  for (const Fault& fault : faults_) {
    if (fault.kind != Kind::kDelay || !due(fault)) continue;
    delay.seconds += fault.ms / 1000;
    delay.jitter_s += fault.jitter_ms / 1000;
    if (fault.megabits_s > 0) delay.seconds_per_byte += 8 / (fault.megabits_s * 1e6);
  }
  return delay;
}

std::optional<FaultAction> FaultInjector::at_save(SaveStage stage) {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const Fault& fault = faults_[i];
    if (fault.kind != Kind::kSave || fault.stage != stage || !due(fault)) continue;
    if (!fire(i, -1)) continue;  // once: the save after it goes well
    if (fault.action == FaultAction::kKill) kill_this_process();
    return fault.action;
  }
  return std::nullopt;
}

std::optional<FaultAction> FaultInjector::at_read(std::int64_t sample_id) {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const Fault& fault = faults_[i];
    if (fault.kind != Kind::kRead || fault.sample != sample_id || !due(fault)) continue;
    fire(i, -1);  // damage stays: each later read fails, too
    if (fault.action == FaultAction::kKill) kill_this_process();
    return fault.action;
  }
  return std::nullopt;
}

bool FaultInjector::watches_reads() const noexcept {
  return std::any_of(faults_.begin(), faults_.end(),
                     [](const Fault& fault) { return fault.kind == Kind::kRead; });
}

}  // namespace intr
