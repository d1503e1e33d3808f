// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/watched_sections.h"

#include <algorithm>

namespace intr {
namespace {

constexpr std::size_t kMostDurations = 512;

/// @param part 0 to 1 @param values at least one
double quantile(std::vector<double> values, double part) {
  const auto place = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[static_cast<std::size_t>(place)];
}

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

/// Only whole steps and batches count, not those that waited for a save.
void WatchedSections::note_duration(double now) {
  if (after_save_ || (section_ != Section::kStep && section_ != Section::kEvaluation)) return;
  if (durations_.size() < kMostDurations) {
    durations_.push_back(now - begun_);
    return;
  }
  durations_[next_duration_] = now - begun_;
  next_duration_ = (next_duration_ + 1) % kMostDurations;
}

void WatchedSections::enter(Section section, std::int64_t step, double now) {
  const std::lock_guard lock(mutex_);
  note_duration(now);
  const bool saved = section_ == Section::kSave;
  section_ = section;
  step_ = step;
  begun_ = now;
  warned_ = false;
  after_save_ = saved;
}

void WatchedSections::beat(double now) {
  const std::lock_guard lock(mutex_);
  note_duration(now);
  begun_ = now;
  warned_ = false;
}

void WatchedSections::allow_save() {
  const std::lock_guard lock(mutex_);
  after_save_ = true;
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
  double limit = durations_.empty() ? std::max(limits_.first_step_s, limits_.step_s)
                                    : std::max(limits_.step_s, 10 * quantile(durations_, 0.99));
  if (after_save_) limit = std::max(limit, limits_.save_s);
  return limit;
}

double WatchedSections::stop_limit() const {
  return durations_.empty() ? 2 * limits_.stop_s
                            : std::max(limits_.stop_s, 3 * quantile(durations_, 0.5));
}

WatchedSections::Verdict WatchedSections::judge(double now, bool stop_wanted) {
  const std::lock_guard lock(mutex_);
  if (!stop_wanted) stop_since_ = -1;
  if (stop_wanted && stop_since_ < 0) stop_since_ = now;
  const bool saving = section_ == Section::kSave || section_ == Section::kLeave || after_save_;
  if (stop_wanted && !saving && now - std::max(begun_, stop_since_) > stop_limit())
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
