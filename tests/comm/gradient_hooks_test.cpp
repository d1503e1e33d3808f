// SPDX-License-Identifier: Apache-2.0
// What LibTorch's internals promise to the one place that uses them.
#include "intr/comm/gradient_hooks.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace intr {
namespace {

std::vector<at::Tensor> leaves() {
  return {torch::ones({3}).requires_grad_(),
          torch::ones({2, 4, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_(),
          torch::ones({}).requires_grad_()};
}

TEST(GradientHooks, FireOnceAfterTheSum) {
  const auto all = leaves();
  std::vector<std::size_t> fired;
  std::vector<double> seen;
  const GradientHooks hooks(all, [&](std::size_t leaf) {
    fired.push_back(leaf);
    seen.push_back(all[leaf].grad().sum().item<double>());
  });
  for (int pass = 1; pass <= 3; ++pass) {
    fired.clear(), seen.clear();
    // The first leaf is used twice, the last not at all.
    (all[0].sum() + (all[0] * all[0]).sum() + all[1].sum()).backward();
    std::sort(fired.begin(), fired.end());
    EXPECT_EQ(fired, (std::vector<std::size_t>{0, 1}));
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, (std::vector<double>{9.0 * pass, 72.0 * pass})) << "both uses were summed";
  }
}

TEST(GradientHooks, KeepTheGradientsMemory) {
  const auto all = leaves();
  std::vector<at::Tensor> memory;
  for (const at::Tensor& leaf : all) {
    memory.push_back(torch::zeros_like(leaf.detach()));
    leaf.mutable_grad() = memory.back();
  }
  int fired = 0;
  const GradientHooks hooks(all, [&](std::size_t) { ++fired; });
  for (int pass = 0; pass < 3; ++pass) (all[0].sum() + (all[1] * all[2]).sum()).backward();
  EXPECT_EQ(fired, 9);
  for (std::size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(all[i].grad().const_data_ptr(), memory[i].const_data_ptr());
  EXPECT_EQ(memory[0][0].item<double>(), 3);
}

TEST(GradientHooks, AreGoneWithTheirOwner) {
  const auto all = leaves();
  int first = 0, second = 0;
  {
    const GradientHooks hooks(all, [&](std::size_t) { ++first; });
    all[0].sum().backward();
  }
  const GradientHooks hooks(all, [&](std::size_t) { ++second; });
  all[0].sum().backward();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

}  // namespace
}  // namespace intr
