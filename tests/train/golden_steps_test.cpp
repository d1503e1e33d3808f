// SPDX-License-Identifier: Apache-2.0
// Three steps of the published recipe through what trains in earnest: parameters and gradients as
// views into flat buffers, convolutions channels-last, our clip and AdamW.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "intr/comm/flat_state.h"
#include "intr/train/optimizer.h"
#include "model/golden.h"

namespace intr {
namespace {

using test::GoldenCase;

class GoldenSteps : public testing::TestWithParam<const char*> {
 protected:
  GoldenSteps() : golden_(GetParam()) {
    const ModelConfig config = golden_.config();
    tensors_ = test::formula_tensors(config, "stem", golden_.seed());
    std::vector<FlatEntry> entries;
    for (const ParameterRow& row : parameter_table(config)) {
      if (!tensors_.at(row.name).requires_grad()) continue;
      trainable_.push_back(row);
      entries.push_back({.name = row.name,
                         .shape = row.shape,
                         .group = row.group,
                         .channels_last = row.shape.size() == 4});
    }
    flat_ = std::make_unique<FlatState>(std::move(entries), at::kCPU);
    const c10::NoGradGuard start;
    for (std::size_t i = 0; i < trainable_.size(); ++i) {
      const at::Tensor& parameter = flat_->parameter(static_cast<std::int64_t>(i));
      parameter.detach().copy_(tensors_.at(trainable_[i].name));
      tensors_.at(trainable_[i].name) = parameter;
    }
  }

  GoldenCase golden_;
  TensorMap tensors_;
  std::vector<ParameterRow> trainable_;
  std::unique_ptr<FlatState> flat_;
};

TEST_P(GoldenSteps, GiveTheStoredParameters) {
  const Intr model(golden_.config(), tensors_);
  AdamWOptions options;
  options.beta1 = golden_.recipe("beta1");
  options.beta2 = golden_.recipe("beta2");
  options.eps = golden_.recipe("eps");
  options.weight_decay = golden_.recipe("weight_decay");
  options.clip_max_norm = golden_.recipe("clip_max_norm");
  Optimizer optimizer(*flat_, options);
  const std::vector<ImageSize> sizes = golden_.sizes();
  const at::Tensor images = golden_.images();
  std::vector<double> losses, norms;
  for (int step = 0; step < 3; ++step) {
    const at::Tensor logits = model.forward(images, sizes, {.training = true}).logits;
    const at::Tensor loss = classification_loss(logits, golden_.labels(), images.size(0));
    loss.backward();
    flat_->check_gradient_views();
    if (step == 0) {
      for (const ParameterRow& row : trainable_)
        golden_.expect_gradient(row.name, tensors_.at(row.name).grad());
    }
    losses.push_back(loss.item<double>());
    norms.push_back(optimizer.step({golden_.recipe("lr"), golden_.recipe("lr_backbone")}).norm);
  }
  golden_.expect_relatively_near("losses", losses);
  golden_.expect_relatively_near("gradient_norms", norms);
  for (const ParameterRow& row : trainable_) golden_.expect_trained(row, tensors_.at(row.name));
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenSteps, test::golden_cases(), test::golden_case_name);

}  // namespace
}  // namespace intr
