// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace intr {

/// Tells when a backward pass has added the last contribution to a leaf's gradient. LibTorch has no
/// public call for that: this is the one place that knows its internals. Hooks are removed by the
/// destructor.
class GradientHooks {
 public:
  /// @param leaves tensors that require gradients
  /// @param ready  called once a backward pass for each leaf that it reaches, maybe on a thread of
  /// autograd; it must not throw
  GradientHooks(const std::vector<at::Tensor>& leaves, std::function<void(std::size_t leaf)> ready);
  GradientHooks(const GradientHooks&) = delete;
  GradientHooks& operator=(const GradientHooks&) = delete;
  ~GradientHooks();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace intr
