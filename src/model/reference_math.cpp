// SPDX-License-Identifier: Apache-2.0
#include "intr/model/reference_math.h"

#include <ATen/Context.h>

#include <atomic>

namespace intr {
namespace {

std::atomic<bool>& state() {
  static std::atomic<bool> on = false;
  return on;
}

}  // namespace

void describe_reference_math(bool& wanted, OptionSet& set) {
  set.add("reference-math", wanted,
          "compute every formula as it stands, without the fast forms: slower, equal up to "
          "rounding; for checks");
}

void set_reference_math(bool on) {
  state() = on;
  at::globalContext().setFlushDenormal(!on);
}

bool reference_math() noexcept { return state().load(std::memory_order_relaxed); }

}  // namespace intr
