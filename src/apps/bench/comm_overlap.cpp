// SPDX-License-Identifier: Apache-2.0
#include "comm_overlap.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "intr/core/stopwatch.h"

namespace intr {
namespace {

const Tag kTag{.section = "bench"};
constexpr std::int64_t kSide = 512;  // of the matrices: they stay in a core's cache
constexpr int kTrials = 3;

}  // namespace

double OverlapRound::ratio() const { return both / std::max(compute, communicate); }

CommOverlap::CommOverlap(Communicator& communicator, const std::vector<std::int64_t>& buckets)
    : communicator_(communicator),
      left_(at::full({kSide, kSide}, 0.5)),
      right_(at::full({kSide, kSide}, 0.5)),
      product_(at::empty({kSide, kSide})) {
  for (const std::int64_t bytes : buckets)
    buckets_.emplace_back(static_cast<std::size_t>(bytes) / sizeof(float));
  seconds(true, true);  // warms up
  double product = 0, sums = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    product += seconds(true, false);
    sums += seconds(false, true);
  }
  products_ = std::max<std::int64_t>(1, std::llround(sums / product));
}

void CommOverlap::compute() {
  for (std::int64_t i = 0; i < products_; ++i) at::mm_out(product_, left_, right_);
}

std::vector<std::unique_ptr<Work>> CommOverlap::send() {
  std::vector<std::unique_ptr<Work>> works;
  for (std::vector<float>& bucket : buckets_)
    works.push_back(communicator_.allreduce({bucket.data(), bucket.size(), ElementType::f32},
                                            Op::sum, nullptr, kTag));
  return works;
}

double CommOverlap::seconds(bool computes, bool communicates) {
  communicator_.barrier(kTag);
  Stopwatch watch;
  std::vector<std::unique_ptr<Work>> works;
  if (communicates) works = send();
  if (computes) compute();
  for (const auto& work : works) work->wait();
  double passed = watch.lap();
  communicator_.allreduce_now(std::span(&passed, 1), Op::max, kTag);
  return passed;
}

OverlapRound CommOverlap::next() {
  OverlapRound round;
  round.compute = seconds(true, false);
  round.communicate = seconds(false, true);
  round.both = seconds(true, true);
  return round;
}

}  // namespace intr
