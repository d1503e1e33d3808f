// SPDX-License-Identifier: Apache-2.0
#include "intr/train/divergence.h"

#include <ATen/ATen.h>

#include "intr/core/checked_cast.h"

namespace intr {

std::string first_non_finite(const FlatState& state) {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < state.entries().size(); ++i) {
    const at::Tensor gradient = state.view(state.grad(), checked_cast<std::int64_t>(i));
    if (!at::isfinite(gradient).all().item<bool>()) return state.entries()[i].name;
  }
  return {};
}

void SuspectSamples::clear() {
  bad_.clear();
  all_.clear();
}

void SuspectSamples::add(const std::vector<std::int64_t>& sample_ids, bool finite) {
  all_.insert(all_.end(), sample_ids.begin(), sample_ids.end());
  if (!finite) bad_.insert(bad_.end(), sample_ids.begin(), sample_ids.end());
}

}  // namespace intr
