// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/watched_sections.h"

#include <algorithm>

#include "intr/core/quantile.h"

namespace intr {
namespace {

constexpr std::size_t kMostDurations = 512;

}  // namespace

const char* word_of(Section section) {
  switch (section) {
    case Section::kStart:
      return "start";
    case Section::kLoad:
      return "load";
    case Section::kStep:
      return "step";
    case Section::kEvaluation:
      return "evaluation";
    case Section::kSave:
      return "save";
    case Section::kLeave:
      return "leave";
  }
  return "?";
}

void WatchedSections::Durations::add(double seconds) {
  if (values_.size() < kMostDurations) {
    values_.push_back(seconds);
    return;
  }
  values_[next_] = seconds;
  next_ = (next_ + 1) % kMostDurations;
}

void WatchedSections::enter(Section section, std::int64_t step, double now) {
  const std::lock_guard lock(mutex_);
  // Only whole steps count, not those that waited for a save; batches are counted by beat().
  if (section_ == Section::kStep && !after_save_) steps_.add(now - begun_);
  const bool saved = section_ == Section::kSave;
  section_ = section;
  step_ = step;
  begun_ = now;
  warned_ = false;
  after_save_ = saved;
}

void WatchedSections::beat(double now) {
  const std::lock_guard lock(mutex_);
  if (section_ == Section::kEvaluation) batches_.add(now - begun_);
  begun_ = now;
  warned_ = false;
}

void WatchedSections::forgive(double seconds) {
  const std::lock_guard lock(mutex_);
  begun_ += seconds;
  if (stop_since_ >= 0) stop_since_ += seconds;
}

void WatchedSections::collective_begins(const Tag& tag) {
  const std::lock_guard lock(mutex_);
  ++collectives_;
  ++waiting_;
  last_ = tag;
}

void WatchedSections::collective_ends() {
  const std::lock_guard lock(mutex_);
  --waiting_;
}

/// A rank that waits for no other has no save to wait for.
bool WatchedSections::waits_for_a_save() const { return after_save_ && waiting_ > 0; }

double WatchedSections::limit() const {
  switch (section_) {
    case Section::kStart:
      return limits_.start_s;
    case Section::kLoad:
      return limits_.load_s;
    case Section::kSave:
    case Section::kLeave:
      return limits_.save_s;
    case Section::kStep:
    case Section::kEvaluation:
      break;
  }
  const Durations& durations = section_ == Section::kStep ? steps_ : batches_;
  const double limit =
      durations.empty() ? std::max(limits_.first_step_s, limits_.step_s)
                        : std::max(limits_.step_s, 10 * lower_quantile(durations.values(), 0.99));
  return waits_for_a_save() ? std::max(limit, limits_.save_s) : limit;
}

double WatchedSections::stop_limit() const {
  return steps_.empty() ? 2 * limits_.stop_s
                        : std::max(limits_.stop_s, 3 * lower_quantile(steps_.values(), 0.5));
}

WatchedSections::Verdict WatchedSections::judge(double now, bool stop_wanted) {
  const std::lock_guard lock(mutex_);
  if (!stop_wanted) stop_since_ = -1;
  if (stop_wanted && stop_since_ < 0) stop_since_ = now;
  const bool in_step = section_ == Section::kStep && !waits_for_a_save();
  if (stop_wanted && in_step && now - std::max(begun_, stop_since_) > stop_limit())
    return Verdict::kStopOverdue;
  const double passed = now - begun_;
  if (passed > limit()) return Verdict::kStalled;
  if (warned_ || passed <= limit() / 2) return Verdict::kFine;
  warned_ = true;
  return Verdict::kWarn;
}

WatchedPlace WatchedSections::place(double now) const {
  const std::lock_guard lock(mutex_);
  return {.section = section_,
          .step = step_,
          .seconds = now - begun_,
          .limit_s = limit(),
          .collectives = collectives_,
          .last = last_,
          .waiting = waiting_};
}

}  // namespace intr
