// SPDX-License-Identifier: Apache-2.0
#include "intr/train/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/train/divergence.h"

namespace intr {
namespace {

constexpr std::int64_t kBlock = 65'536;
constexpr std::int64_t kLanes = 16;
constexpr double kClipEps = 1e-6;  ///< as PyTorch's clip_grad_norm_ has it

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
/// @param flat on the CPU
double norm_of(const at::Tensor& flat) {
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
  if (!state_.grad().is_cpu()) {
    const at::Tensor measured = measure(at::zeros({}, state_.grad().options()));
    enqueue(lr, measured);
    const at::Tensor known = measured.to(at::kCPU);
    return settle(std::span<const double, 3>(known.const_data_ptr<double>(), 3));
  }
  const at::NoGradGuard no_grad;
  const double norm = norm_of(state_.grad());
  UpdateReport report{.norm = norm, .applied = std::isfinite(norm)};
  if (report.applied && options_.clip_max_norm > 0)
    report.clip = std::min(1.0, options_.clip_max_norm / (norm + kClipEps));
  if (report.applied) update(lr, at::full({}, 1.0 / report.clip, state_.grad().options()), {});
  return settle(std::array<double, 3>{report.norm, report.clip, report.applied ? 1.0 : 0.0});
}

at::Tensor Optimizer::measure(const at::Tensor& bad) const {
  const at::NoGradGuard no_grad;
  const at::Tensor norm =
      at::linalg_vector_norm(state_.grad(), 2, std::nullopt, false, at::kDouble);
  const at::Tensor clip = options_.clip_max_norm > 0
                              ? (options_.clip_max_norm / (norm + kClipEps)).clamp_max(1.0)
                              : at::ones_like(norm);
  const at::Tensor good = at::isfinite(norm).logical_and(bad == 0);
  return at::stack({norm, clip, good.to(at::kDouble)});
}

void Optimizer::enqueue(const std::array<double, 2>& lr, const at::Tensor& measured) {
  const at::NoGradGuard no_grad;
  update(lr, measured[1].reciprocal().to(at::kFloat), (measured[2] == 0).to(at::kFloat));
}

UpdateReport Optimizer::settle(std::span<const double, 3> measured) {
  const at::NoGradGuard no_grad;
  UpdateReport report{.norm = measured[0], .clip = measured[1], .applied = measured[2] != 0};
  if (report.applied) {
    ++steps_done_;
  } else {
    report.clip = 1;
    report.bad_tensor = first_non_finite(state_);
  }
  state_.grad().zero_();
  return report;
}

void Optimizer::update(const std::array<double, 2>& lr, const at::Tensor& scale,
                       const at::Tensor& skip) {
  const at::Tensor step_count =
      at::full({}, static_cast<double>(steps_done_ + 1), state_.param().options());
  const std::optional<at::Tensor> unless =
      skip.defined() ? std::optional<at::Tensor>(skip) : std::nullopt;
  for (const FlatState::Segment& segment : state_.segments()) {
    if (segment.group >= lr.size())
      throw InternalError("a learning-rate group without a learning rate");
    const auto part = [&segment](const at::Tensor& buffer) {
      return buffer.narrow(0, segment.begin, segment.end - segment.begin);
    };
    at::_fused_adamw_({part(state_.param())}, {part(state_.grad())}, {part(state_.exp_avg())},
                      {part(state_.exp_avg_sq())}, {}, {step_count}, lr[segment.group],
                      options_.beta1, options_.beta2, segment.decay ? options_.weight_decay : 0.0,
                      options_.eps, /*amsgrad=*/false, /*maximize=*/false, scale, unless);
  }
}

}  // namespace intr
