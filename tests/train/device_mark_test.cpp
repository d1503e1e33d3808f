// SPDX-License-Identifier: Apache-2.0
#include "intr/train/device_mark.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace intr {
namespace {

std::vector<at::Device> devices() {
  if (!torch::cuda::is_available()) return {at::kCPU};
  return {at::kCPU, at::Device(at::kCUDA, 0)};
}

TEST(DeviceMark, StandBehindWhatWasAskedFor) {
  for (const at::Device device : devices()) {
    const DeviceMark before(device);
    at::Tensor x = torch::randn({1000, 1000}, device);
    for (int i = 0; i < 20; ++i) x = x.matmul(x).clamp(-1, 1);
    const DeviceMark after(device);
    after.wait();
    EXPECT_TRUE(before.reached());
    EXPECT_TRUE(after.reached());
    EXPECT_GT(after.seconds_since(before), 0);
    EXPECT_LT(after.seconds_since(before), 60);
  }
}

TEST(HostCopy, BringsTheValuesOfItsTime) {
  for (const at::Device device : devices()) {
    at::Tensor values = torch::tensor({1.5, -2.0, 1e300}, torch::kDouble).to(device);
    const HostCopy copy(values);
    values.zero_();  // later than the copy
    EXPECT_EQ(copy.wait(), (std::vector<double>{1.5, -2.0, 1e300}));
  }
}

}  // namespace
}  // namespace intr
