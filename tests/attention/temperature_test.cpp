// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/temperature.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

namespace intr {
namespace {

/// Samples that own their logits.
class Samples {
 public:
  Samples& add(std::vector<float> logits, std::int32_t label) {
    logits_.push_back(std::move(logits));  // a deque: what is there stays where it is
    samples_.push_back({logits_.back(), label});
    return *this;
  }
  operator std::span<const LabeledLogits>() const { return samples_; }

 private:
  std::deque<std::vector<float>> logits_;
  std::vector<LabeledLogits> samples_;
};

/// Logits (gap, 0); of each four in a row three are right.
Samples three_of_four(float gap, std::size_t count) {
  Samples samples;
  for (std::size_t i = 0; i < count; ++i) samples.add({gap, 0}, i % 4 == 3 ? 1 : 0);
  return samples;
}

TEST(Temperature, LossIsThatOfTheSoftmax) {
  Samples samples;
  samples.add({1, 3}, 1).add({0, 0}, 0);
  EXPECT_NEAR(mean_loss(samples, 2), (std::log1p(std::exp(-1)) + std::log(2)) / 2, 1e-15);
  EXPECT_TRUE(std::isnan(mean_loss({}, 1)));
  Samples steep;
  steep.add({3e38f, -3e38f, 0}, 1);  // exp of that is no number
  EXPECT_NEAR(mean_loss(steep, 1) / 6e38, 1, 1e-6);
}

TEST(Temperature, FitsFrequenciesInClosedForm) {
  for (const float gap : {0.01f, 1.0f, 4.0f, 300.0f}) {
    const double expected = static_cast<double>(gap) / std::log(3.0);  // softmax = 3/4
    EXPECT_NEAR(best_temperature(three_of_four(gap, 4)) / expected, 1, 1e-10) << gap;
  }
}

TEST(Temperature, FitsSeveralClassesInClosedForm) {
  // Logits k log p, and labels as often as p says: T = k.
  const std::vector<double> p = {0.5, 0.3, 0.2};
  Samples samples;
  for (std::int32_t label = 0; label < 3; ++label)
    for (int i = 0; i < std::lround(10 * p[static_cast<std::size_t>(label)]); ++i) {
      std::vector<float> logits;
      for (const double share : p) logits.push_back(static_cast<float>(7 * std::log(share)));
      samples.add(std::move(logits), label);
    }
  EXPECT_NEAR(best_temperature(samples), 7, 1e-6);  // logits are floats
}

TEST(Temperature, IsAMinimum) {
  Samples samples;
  samples.add({3, 1, 0}, 0).add({2, 5, 1}, 0).add({0, 1, 4}, 2).add({1, 1.5f, 0}, 1);
  const double best = best_temperature(samples);
  EXPECT_LT(mean_loss(samples, best), mean_loss(samples, best * 1.001));
  EXPECT_LT(mean_loss(samples, best), mean_loss(samples, best / 1.001));
}

TEST(Temperature, EndsWhereNoMinimumIs) {
  Samples right, wrong, flat;
  right.add({5, 1, 0}, 0).add({0, 0.1f, 0}, 1);
  wrong.add({5, 1, 0}, 2).add({0, 1, 0}, 0);
  flat.add({2, 2}, 0).add({-7, -7}, 1);
  EXPECT_EQ(best_temperature(right), kLowestTemperature);
  EXPECT_EQ(best_temperature(wrong), kHighestTemperature);
  EXPECT_EQ(best_temperature(flat), 1);
  EXPECT_TRUE(std::isnan(best_temperature({})));
}

TEST(Temperature, EachHalfIsJudgedWithTheOtherOnes) {
  // Even places: gap 4, three of four right. Odd places: gap 2, half of them right.
  Samples samples;
  for (int i = 0; i < 4; ++i) {
    samples.add({4, 0}, i == 3 ? 1 : 0);
    samples.add({2, 0}, i % 2);
  }
  const TemperatureFit fit = fit_temperature(samples);
  EXPECT_EQ(fit.n, 8);
  EXPECT_EQ(fit.temperature, best_temperature(samples));
  const auto softplus = [](double x) { return std::log1p(std::exp(x)); };
  EXPECT_NEAR(fit.loss_before,
              (3 * softplus(-4) + softplus(4) + 2 * softplus(-2) + 2 * softplus(2)) / 8, 1e-12);
  // Half right: the larger T, the better. The even half then has probabilities of nearly 1/2.
  const double even = 4 / kHighestTemperature, odd = 2 * std::log(3.0) / 4;
  EXPECT_NEAR(fit.loss_after,
              (3 * softplus(-even) + softplus(even) + 2 * softplus(-odd) + 2 * softplus(odd)) / 8,
              1e-9);
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  EXPECT_NEAR(fit.error_before, (sigmoid(4) - 0.75 + sigmoid(2) - 0.5) / 2, 1e-12);
  EXPECT_NEAR(fit.error_after, (0.75 - sigmoid(even) + sigmoid(odd) - 0.5) / 2, 1e-9);
}

TEST(Temperature, FewSamples) {
  const TemperatureFit none = fit_temperature({});
  EXPECT_EQ(none.n, 0);
  EXPECT_TRUE(std::isnan(none.temperature));
  EXPECT_TRUE(std::isnan(none.loss_before));
  Samples samples;
  samples.add({3, 0}, 1);
  const TemperatureFit one = fit_temperature(samples);
  EXPECT_EQ(one.n, 1);
  EXPECT_EQ(one.temperature, kHighestTemperature);
  EXPECT_NEAR(one.loss_before, std::log1p(std::exp(3.0)), 1e-12);
  EXPECT_GT(one.error_before, 0.9);
  EXPECT_TRUE(std::isnan(one.loss_after));
  EXPECT_TRUE(std::isnan(one.error_after));
}

TEST(Temperature, AHalfThatIsAllRightJudgesNothing) {
  Samples samples;
  for (int i = 0; i < 4; ++i) {
    samples.add({4, 0}, i == 3 ? 1 : 0);
    samples.add({2, 0}, 0);
  }
  const TemperatureFit fit = fit_temperature(samples);
  EXPECT_GT(fit.temperature, 0.1);
  EXPECT_GT(fit.loss_before, 0);
  EXPECT_TRUE(std::isnan(fit.loss_after));
  EXPECT_TRUE(std::isnan(fit.error_after));
}

TEST(Temperature, SaysWhereNoneIsBest) {
  TemperatureFit fit;
  fit.n = 4;
  fit.temperature = 0.5;
  EXPECT_EQ(no_best_temperature(fit), "");
  fit.temperature = kLowestTemperature;
  EXPECT_EQ(no_best_temperature(fit),
            "No temperature fits the 4 labeled samples best: the lower the better, as where all of "
            "them are right.");
  fit.temperature = kHighestTemperature;
  EXPECT_NE(no_best_temperature(fit).find("are wrong"), std::string::npos);
}

}  // namespace
}  // namespace intr
