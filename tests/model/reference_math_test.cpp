// SPDX-License-Identifier: Apache-2.0
#include "intr/model/reference_math.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "support/small_model.h"

namespace intr {
namespace {

/// Logits and gradients of a batch with padding.
struct Pass {
  at::Tensor logits;
  TensorMap gradients;
};

Pass pass(const ModelConfig& config, bool reference) {
  set_reference_math(reference);
  const std::vector<ImageSize> sizes = {{96, 128}, {160, 96}, {128, 160}};
  const Intr model(config, test::formula_tensors(config, "stem"));
  ForwardOptions options;
  options.training = true;
  const at::Tensor images = test::formula_images(sizes);
  const at::Tensor logits = model.forward(images, sizes, options).logits;
  classification_loss(logits, torch::tensor({1, 4, 6}), 3).backward();
  Pass result{.logits = logits.detach(), .gradients = {}};
  for (const auto& [name, tensor] : model.tensors())
    if (tensor.requires_grad()) result.gradients[name] = tensor.grad();
  set_reference_math(false);
  return result;
}

double length_of(const at::Tensor& x) { return x.norm().item<double>(); }

class ReferenceMathTest : public testing::TestWithParam<const char*> {};

TEST_P(ReferenceMathTest, GivesTheSameLogitsAndGradientsUpToRounding) {
  ModelConfig config = test::small_config();
  config.backbone = GetParam();
  const Pass fast = pass(config, false);
  const Pass plain = pass(config, true);
  EXPECT_LT((fast.logits - plain.logits).abs().max().item<double>(), 1e-5);
  EXPECT_FALSE(torch::equal(fast.logits, plain.logits)) << "nothing was computed differently";
  ASSERT_GT(plain.gradients.size(), 50u);
  double whole = 0;  // norm over all gradients: single ones can be sums that nearly cancel
  for (const auto& [name, gradient] : plain.gradients)
    whole = std::hypot(whole, length_of(gradient));
  for (const auto& [name, gradient] : plain.gradients)
    EXPECT_LT(length_of(fast.gradients.at(name) - gradient), 1e-3 * whole) << name;
}

INSTANTIATE_TEST_SUITE_P(Backbones, ReferenceMathTest, testing::Values("resnet18", "resnet50"));

}  // namespace
}  // namespace intr
