// SPDX-License-Identifier: Apache-2.0
#include "intr/train/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/train/divergence.h"

namespace intr {
namespace {

constexpr std::int64_t kBlock = 65'536;
constexpr std::int64_t kLanes = 16;

/// Sixteen sums side by side, added up in order: fast and always in the same order.
double sum_of_squares(const float* values, std::int64_t count) {
  double lanes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const auto value = static_cast<double>(values[i + lane]);
      lanes[lane] += value * value;
    }
  }
  for (; i < count; ++i) {
    const auto value = static_cast<double>(values[i]);
    lanes[i % kLanes] += value * value;
  }
  return std::accumulate(lanes, lanes + kLanes, 0.0);
}

/// L2 norm, summed in double over blocks in index order: the same for any number of threads.
double norm_of(const at::Tensor& flat) {
  if (!flat.is_cpu())
    return at::linalg_vector_norm(flat, 2, std::nullopt, false, at::kDouble).item<double>();
  const float* values = flat.const_data_ptr<float>();
  const std::int64_t count = flat.numel();
  std::vector<double> sums(checked_cast<std::size_t>((count + kBlock - 1) / kBlock));
  at::parallel_for(0, checked_cast<std::int64_t>(sums.size()), 4,
                   [&](std::int64_t first, std::int64_t last) {
                     for (std::int64_t block = first; block < last; ++block) {
                       const std::int64_t begin = block * kBlock;
                       sums[static_cast<std::size_t>(block)] =
                           sum_of_squares(values + begin, std::min(kBlock, count - begin));
                     }
                   });
  return std::sqrt(std::accumulate(sums.begin(), sums.end(), 0.0));
}

}  // namespace

UpdateReport Optimizer::step(const std::array<double, 2>& lr) {
  const at::NoGradGuard no_grad;
  UpdateReport report;
  report.norm = norm_of(state_.grad());
  report.applied = std::isfinite(report.norm);
  if (report.applied) {
    if (options_.clip_max_norm > 0)
      report.clip = std::min(1.0, options_.clip_max_norm / (report.norm + 1e-6));
    update(lr, report.clip);
  } else {
    report.bad_tensor = first_non_finite(state_);
  }
  state_.grad().zero_();
  return report;
}

void Optimizer::update(const std::array<double, 2>& lr, double clip) {
  ++steps_done_;
  const auto scalar = [this](double value) {
    return at::full({}, value, state_.param().options());
  };
  const at::Tensor step_count = scalar(static_cast<double>(steps_done_));
  // The kernel divides by it, and writes the quotient into the gradient.
  const at::Tensor grad_scale = scalar(1.0 / clip);
  for (const FlatState::Segment& segment : state_.segments()) {
    if (segment.group >= lr.size())
      throw InternalError("a learning-rate group without a learning rate");
    const auto part = [&segment](const at::Tensor& buffer) {
      return buffer.narrow(0, segment.begin, segment.end - segment.begin);
    };
    at::_fused_adamw_({part(state_.param())}, {part(state_.grad())}, {part(state_.exp_avg())},
                      {part(state_.exp_avg_sq())}, {}, {step_count}, lr[segment.group],
                      options_.beta1, options_.beta2, segment.decay ? options_.weight_decay : 0.0,
                      options_.eps, /*amsgrad=*/false, /*maximize=*/false, grad_scale);
  }
}

}  // namespace intr
