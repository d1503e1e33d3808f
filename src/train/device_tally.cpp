// SPDX-License-Identifier: Apache-2.0
#include "intr/train/device_tally.h"

#include <ATen/ATen.h>

namespace intr {
namespace {

/// Rank of each true class, as rank_of_true_class() has it. @return [B] int64
at::Tensor ranks_of_true_classes(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor label = labels.unsqueeze(1);                                         // [B, 1]
  const at::Tensor truth = logits.gather(1, label);                                     // [B, 1]
  const at::Tensor numbers = at::arange(logits.size(1), label.options()).unsqueeze(0);  // [1, K]
  const at::Tensor behind = (logits < truth) | ((logits == truth) & (numbers >= label));
  return (~behind & (numbers != label)).sum(1);
}

}  // namespace

DeviceTally::DeviceTally(at::Device device)
    : sums_(at::zeros({FlatState::kTailValues}, at::TensorOptions(device).dtype(at::kDouble))) {}

void DeviceTally::add(const std::vector<std::int64_t>& sample_ids, const at::Tensor& logits,
                      const at::Tensor& labels, const at::Tensor& loss) {
  const at::NoGradGuard no_grad;
  const at::Tensor rank = ranks_of_true_classes(logits, labels);
  const at::Tensor finite = at::isfinite(loss);
  const auto number = [](const at::Tensor& value) { return value.to(at::kDouble); };
  const at::Tensor values = at::stack({number(finite.logical_not()), number(loss),
                                       number((rank < 1).sum()), number((rank < 5).sum())});
  sums_.narrow(0, 1, values.size(0)).add_(values);  // behind `stop`, as StepSums has them
  samples_.emplace_back(sample_ids, finite);
}

at::Tensor DeviceTally::take() {
  const at::Tensor values = sums_.to(at::kFloat);
  sums_.zero_();
  return values;
}

SuspectSamples DeviceTally::suspects() const {
  SuspectSamples suspects;
  for (const auto& [ids, finite] : samples_) suspects.add(ids, finite.item<bool>());
  return suspects;
}

}  // namespace intr
