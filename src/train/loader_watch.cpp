// SPDX-License-Identifier: Apache-2.0
#include "intr/train/loader_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace intr {
namespace {

struct Stage {
  const char* name;
  double seconds;
  const char* remedy;
};

}  // namespace

std::string LoaderWatch::add(const StepReport& report) {
  const BatchFigures& figures = report.loader.sums;
  wait_s_ += figures.wait_s;
  all_s_ += report.times.total();
  read_s_ += figures.read_s;
  decode_s_ += figures.decode_s;
  resize_s_ += figures.resize_s;
  if (++steps_ < kSteps) return {};
  const LoaderWatch sums = *this;
  *this = {};
  if (sums.wait_s_ <= kMostWaiting * sums.all_s_) return {};
  const std::array<Stage, 3> stages = {{
      {"reading", sums.read_s_, "copy the data to the node with --stage DIR"},
      {"decoding", sums.decode_s_, "raise --loader-threads"},
      {"resizing", sums.resize_s_, "raise --loader-threads"},
  }};
  const Stage& slowest =
      *std::max_element(stages.begin(), stages.end(),
                        [](const Stage& a, const Stage& b) { return a.seconds < b.seconds; });
  return fmt::format(
      "the last {} steps waited for data during {:.0f} % of their time; {} took longest ({:.1f} of "
      "{:.1f} s of the loader's threads). Next: {}",
      kSteps, 100 * sums.wait_s_ / sums.all_s_, slowest.name, slowest.seconds,
      sums.read_s_ + sums.decode_s_ + sums.resize_s_, slowest.remedy);
}

}  // namespace intr
