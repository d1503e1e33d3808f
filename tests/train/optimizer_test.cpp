// SPDX-License-Identifier: Apache-2.0
#include "intr/train/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "train/optimizer_vectors.h"

namespace intr {
namespace {

std::vector<float> values(std::int64_t count, double phase, double scale = 1) {
  std::vector<float> result;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto sine = static_cast<float>(std::sin(static_cast<double>(i) * 0.7 + phase));
    result.push_back(static_cast<float>(static_cast<double>(sine) * scale));
  }
  return result;
}

/// The three tensors of make_optimizer_vectors.py.
std::vector<FlatEntry> entries() {
  return {{"a", {5}, 0, true, false}, {"b", {3}, 0, false, false}, {"c", {4}, 1, true, false}};
}

std::vector<float> concatenated(double phase, double scale = 1) {
  std::vector<float> all;
  double shift = 0;
  for (const std::int64_t count : {5, 3, 4}) {
    const std::vector<float> part = values(count, phase + shift, scale);
    all.insert(all.end(), part.begin(), part.end());
    shift += 1;
  }
  return all;
}

std::vector<float> logical(const FlatState& state, const at::Tensor& buffer) {
  std::vector<float> all(static_cast<std::size_t>(state.num_values()));
  state.to_logical(buffer, all);
  return all;
}

void expect_near(const std::vector<float>& found, const double* expected, double tolerance) {
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(static_cast<double>(found[i]), expected[i], tolerance) << "value " << i;
}

TEST(Optimizer, ThreeStepsEqualPyTorchs) {
  FlatState state(entries(), at::kCPU);
  state.from_logical(concatenated(1.0), state.param());
  Optimizer optimizer(state, {.weight_decay = 0.1, .clip_max_norm = 1.0});
  const double scales[] = {1.0, 3.0, 0.125};
  for (int step = 0; step < 3; ++step) {
    state.from_logical(concatenated(10.0 * step, scales[step]), state.grad());
    const UpdateReport report = optimizer.step({1e-2, 1e-3});
    EXPECT_TRUE(report.applied);
    EXPECT_NEAR(report.norm, test::kNorms[step], 1e-6);
    EXPECT_NEAR(report.clip, std::min(1.0, 1.0 / (test::kNorms[step] + 1e-6)), 1e-7);
    EXPECT_EQ(state.grad().count_nonzero().item<std::int64_t>(), 0);
  }
  EXPECT_LT(test::kNorms[2], 1.0);  // the third step is not clipped
  EXPECT_EQ(optimizer.steps_done(), 3);
  expect_near(logical(state, state.param()), test::kParameters, 1e-6);
  expect_near(logical(state, state.exp_avg()), test::kExpAvg, 1e-7);
  expect_near(logical(state, state.exp_avg_sq()), test::kExpAvgSq, 1e-9);
}

/// The three parts that a GPU needs do on a CPU what step() does.
TEST(Optimizer, InPartsItDoesTheSame) {
  const AdamWOptions options{.weight_decay = 0.1, .clip_max_norm = 1.0};
  FlatState whole(entries(), at::kCPU), parts(entries(), at::kCPU);
  Optimizer one(whole, options), other(parts, options);
  for (FlatState* state : {&whole, &parts}) state->from_logical(concatenated(1.0), state->param());
  const auto in_parts = [&](float bad) {
    const at::Tensor measured = other.measure(at::full({}, bad));
    other.enqueue({1e-2, 1e-3}, measured);
    return other.settle(std::span<const double, 3>(measured.const_data_ptr<double>(), 3));
  };
  for (int step = 0; step < 3; ++step) {
    for (FlatState* state : {&whole, &parts})
      state->from_logical(concatenated(10.0 * step, step == 1 ? 3.0 : 1.0), state->grad());
    const UpdateReport expected = one.step({1e-2, 1e-3}), got = in_parts(0);
    EXPECT_NEAR(got.norm, expected.norm, 1e-12);
    EXPECT_NEAR(got.clip, expected.clip, 1e-12);
    EXPECT_TRUE(got.applied);
    EXPECT_TRUE(at::equal(whole.param(), parts.param())) << "step " << step;
    EXPECT_TRUE(at::equal(whole.exp_avg_sq(), parts.exp_avg_sq()));
  }
  EXPECT_EQ(other.steps_done(), 3);
  // What must not be: a bad loss, then a gradient that is not finite.
  const at::Tensor before = parts.param().clone();
  parts.from_logical(concatenated(2.0), parts.grad());
  EXPECT_FALSE(in_parts(1).applied);
  parts.grad()[0] = std::numeric_limits<float>::infinity();
  const UpdateReport skipped = in_parts(0);
  EXPECT_FALSE(skipped.applied);
  EXPECT_EQ(skipped.bad_tensor, "a");
  EXPECT_EQ(skipped.clip, 1);
  EXPECT_TRUE(at::equal(before, parts.param()));
  EXPECT_EQ(parts.grad().count_nonzero().item<std::int64_t>(), 0);
  EXPECT_EQ(other.steps_done(), 3);
}

TEST(Optimizer, FirstStepByHand) {
  // One value 1, gradient 4, rate 0.1, decay 0.5, no clip: p = 1 - 0.1*0.5*1 = 0.95, then minus
  // 0.1 * sign(gradient), since after one step m/(1-b1) = g and sqrt(v/(1-b2)) = |g|.
  FlatState state({{"p", {1}, 0, true, false}}, at::kCPU);
  state.param().fill_(1);  // gaps too: they have no gradient
  state.parameter(0).grad().fill_(4);
  Optimizer optimizer(state, {.weight_decay = 0.5, .clip_max_norm = 0});
  const UpdateReport report = optimizer.step({0.1, 0.0});
  EXPECT_DOUBLE_EQ(report.norm, 4);
  EXPECT_DOUBLE_EQ(report.clip, 1);
  EXPECT_NEAR(state.parameter(0).item<double>(), 0.85, 1e-7);
  EXPECT_NEAR(state.exp_avg()[0].item<double>(), 0.4, 1e-7);
  EXPECT_NEAR(state.exp_avg_sq()[0].item<double>(), 0.016, 1e-7);
}

TEST(Optimizer, EqualsAPlainAdamWInDouble) {
  // Big enough for vector code and threads; clip active.
  FlatState state({{"w", {300, 701}, 0, true, false}, {"c", {64, 32, 3, 3}, 1, true, true}},
                  at::kCPU);
  at::manual_seed(5);
  state.param().normal_(0, 0.1);  // float32 holds 0.5 to 3e-8: rounding stays below the bound
  at::Tensor p = state.param().to(at::kDouble);
  at::Tensor m = at::zeros_like(p);
  at::Tensor v = at::zeros_like(p);
  Optimizer optimizer(state, {.weight_decay = 0.01});
  for (int step = 1; step <= 4; ++step) {
    state.grad().normal_(0, 0.01);
    const at::Tensor g64 = state.grad().to(at::kDouble);
    const double norm = g64.square().sum().sqrt().item<double>();
    const double clip = std::min(1.0, 0.1 / (norm + 1e-6));
    const UpdateReport report = optimizer.step({1e-3, 1e-4});
    EXPECT_NEAR(report.norm, norm, 1e-10 * norm);
    EXPECT_LT(report.clip, 1);
    const at::Tensor g = g64 * clip;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g.square();
    for (const FlatState::Segment& segment : state.segments()) {
      const double lr = segment.group == 0 ? 1e-3 : 1e-4;
      const auto part = [&](const at::Tensor& x) {
        return x.narrow(0, segment.begin, segment.end - segment.begin);
      };
      const at::Tensor denominator = part(v).sqrt() / std::sqrt(1 - std::pow(0.999, step)) + 1e-8;
      part(p).mul_(1 - lr * 0.01);
      part(p).sub_(lr / (1 - std::pow(0.9, step)) * part(m) / denominator);
    }
  }
  EXPECT_LE((state.param().to(at::kDouble) - p).abs().max().item<double>(), 1e-6);
  EXPECT_LE((state.exp_avg().to(at::kDouble) - m).abs().max().item<double>(), 1e-6);
}

TEST(Optimizer, NormDoesNotDependOnThreads) {
  FlatState state({{"w", {1'000'003}, 0, true, false}}, at::kCPU);
  at::manual_seed(6);
  const at::Tensor gradient = at::randn({1'000'003});
  double norms[2] = {};
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    state.parameter(0).grad().copy_(gradient);
    norms[threads - 1] = Optimizer(state, {}).step({0, 0}).norm;
  }
  at::set_num_threads(1);
  EXPECT_EQ(norms[0], norms[1]);
}

TEST(Optimizer, ANormThatIsNotFiniteChangesNothing) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    FlatState state(entries(), at::kCPU);
    state.from_logical(concatenated(1.0), state.param());
    state.from_logical(concatenated(2.0), state.exp_avg());
    state.from_logical(concatenated(3.0), state.grad());
    state.parameter(2).grad()[1].fill_(bad);
    Optimizer optimizer(state, {});
    optimizer.set_steps_done(7);
    const UpdateReport report = optimizer.step({1e-2, 1e-3});
    EXPECT_FALSE(report.applied);
    EXPECT_FALSE(std::isfinite(report.norm));
    EXPECT_EQ(optimizer.steps_done(), 7);
    EXPECT_EQ(logical(state, state.param()), concatenated(1.0));
    EXPECT_EQ(logical(state, state.exp_avg()), concatenated(2.0));
    EXPECT_EQ(state.exp_avg_sq().count_nonzero().item<std::int64_t>(), 0);
    // The next step must not find them again.
    EXPECT_EQ(state.grad().count_nonzero().item<std::int64_t>(), 0);
  }
}

TEST(Optimizer, ZeroGradientsOnlyDecay) {
  FlatState state(entries(), at::kCPU);
  state.from_logical(concatenated(1.0), state.param());
  Optimizer optimizer(state, {.weight_decay = 0.5});
  const UpdateReport report = optimizer.step({0.1, 0.0});
  EXPECT_EQ(report.norm, 0);
  EXPECT_EQ(report.clip, 1);
  EXPECT_TRUE(report.applied);
  const std::vector<float> before = concatenated(1.0);
  const std::vector<float> after = logical(state, state.param());
  EXPECT_NEAR(after[0], before[0] * 0.95, 1e-7);  // group 0, decay
  EXPECT_EQ(after[5], before[5]);                 // no decay
  EXPECT_EQ(after[8], before[8]);                 // rate 0
}

TEST(Optimizer, GoesOnWhereAnotherStopped) {
  const auto run = [](int stop_after) {
    FlatState state(entries(), at::kCPU);
    state.from_logical(concatenated(1.0), state.param());
    auto optimizer = std::make_unique<Optimizer>(state, AdamWOptions{});
    for (int step = 0; step < 5; ++step) {
      if (step == stop_after) {
        optimizer = std::make_unique<Optimizer>(state, AdamWOptions{});
        optimizer->set_steps_done(step);
      }
      state.from_logical(concatenated(10.0 * step), state.grad());
      optimizer->step({1e-2, 1e-3});
    }
    return logical(state, state.param());
  };
  EXPECT_EQ(run(3), run(-1));
}

}  // namespace
}  // namespace intr
