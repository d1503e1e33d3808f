// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/gradient_hooks.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <utility>

#include "intr/core/error.h"

namespace intr {

/// A leaf holds its accumulator weakly, so it is held here: else a new one without the hook takes
/// its place.
struct GradientHooks::State {
  struct Hook {
    std::shared_ptr<torch::autograd::Node> accumulator;
    std::uintptr_t key = 0;
  };
  std::function<void(std::size_t)> ready;
  std::vector<Hook> hooks;
};

GradientHooks::GradientHooks(const std::vector<at::Tensor>& leaves,
                             std::function<void(std::size_t)> ready)
    : state_(std::make_unique<State>()) {
  state_->ready = std::move(ready);
  for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    auto accumulator = torch::autograd::impl::grad_accumulator(leaves[leaf]);
    if (accumulator == nullptr) throw InternalError("a hook for a tensor that is no leaf");
    using torch::autograd::variable_list;
    const std::uintptr_t key =
        accumulator->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
            [state = state_.get(), leaf](const variable_list& outputs, const variable_list&) {
              state->ready(leaf);
              return outputs;
            }));
    state_->hooks.push_back({std::move(accumulator), key});
  }
}

GradientHooks::~GradientHooks() {
  for (const State::Hook& hook : state_->hooks) hook.accumulator->del_post_hook(hook.key);
}

}  // namespace intr
