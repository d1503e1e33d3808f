// SPDX-License-Identifier: Apache-2.0
#include "intr/train/device_tally.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>
#include <span>

#include "intr/train/scores.h"

namespace intr {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

StepSums sums_of(const at::Tensor& values) {
  return StepSums::unpacked(std::span<const float, FlatState::kTailValues>(
      values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel())));
}

TEST(DeviceTally, CountsAsTheHostDoes) {
  torch::manual_seed(5);
  DeviceTally tally(at::kCPU);
  std::int64_t hits1 = 0, hits5 = 0;
  double loss = 0;
  for (int batch = 0; batch < 6; ++batch) {
    at::Tensor logits = torch::randint(0, 4, {7, 9}).to(at::kFloat);  // many equal ones
    if (batch == 4) logits[2][3] = kNan;
    if (batch == 5) logits[1] = kNan;
    const at::Tensor labels = torch::randint(0, 9, {7}, at::kLong);
    const at::Tensor value = torch::rand({});
    tally.add({1, 2}, logits, labels, value);
    loss += value.item<double>();
    for (std::int64_t i = 0; i < 7; ++i) {
      const at::Tensor row = logits[i];
      const std::int64_t rank = rank_of_true_class(std::span(row.const_data_ptr<float>(), 9),
                                                   labels[i].item<std::int64_t>());
      hits1 += rank < 1 ? 1 : 0;
      hits5 += rank < 5 ? 1 : 0;
    }
  }
  EXPECT_GT(hits5, hits1);
  const StepSums sums = sums_of(tally.take());
  EXPECT_EQ(sums.hits1, hits1);
  EXPECT_EQ(sums.hits5, hits5);
  EXPECT_EQ(sums.loss, static_cast<double>(static_cast<float>(loss)));
  EXPECT_FALSE(sums.non_finite);
  EXPECT_FALSE(sums.stop);
  EXPECT_EQ(sums.samples, 0) << "the host knows that";
  EXPECT_EQ(sums_of(tally.take()).hits5, 0) << "each shard counts from zero";
}

TEST(DeviceTally, NamesSamplesWithALossThatIsNotFinite) {
  DeviceTally tally(at::kCPU);
  const at::Tensor logits = torch::zeros({1, 3}), labels = torch::zeros({1}, at::kLong);
  tally.add({4, 7}, logits, labels, torch::tensor(1.0F));
  tally.add({9}, logits, labels, torch::tensor(kNan));
  EXPECT_TRUE(sums_of(tally.take()).non_finite);
  EXPECT_EQ(tally.suspects().ids(), (std::vector<std::int64_t>{9}));
  tally.forget_samples();
  EXPECT_TRUE(tally.suspects().ids().empty());
}

}  // namespace
}  // namespace intr
