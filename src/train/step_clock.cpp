// SPDX-License-Identifier: Apache-2.0
#include "intr/train/step_clock.h"

#include <utility>

#include "intr/core/trace.h"

namespace intr {

void StepClock::begin(std::int64_t step) {
  step_ = step;
  begin_ = last_ = trace::now();
  marks_.push_back({nullptr, DeviceMark(device_)});
}

double StepClock::end(const char* name, double StepTimes::*phase) {
  const std::int64_t now = trace::now();
  trace::span(name, last_, now, {"step", step_});
  marks_.push_back({phase, DeviceMark(device_)});
  return 1e-9 * static_cast<double>(now - std::exchange(last_, now));
}

void StepClock::end_step(std::int64_t images) {
  trace::span("step", begin_, last_, {"step", step_}, {"images", images});
}

StepTimes StepClock::take() {
  StepTimes times;
  while (marks_.size() > 1 && marks_[1].place.reached()) {
    const Mark& end = marks_[1];
    if (end.phase != nullptr) times.*end.phase += end.place.seconds_since(marks_.front().place);
    marks_.pop_front();
  }
  return times;
}

}  // namespace intr
