// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "intr/weights/value_tree.h"

namespace intr {

/// What the published training script stores of its optimizer (AdamW) and its learning-rate
/// schedule, beside tensors. Two groups: 0 outside the backbone, 1 backbone.
struct PublishedOptimizer {
  std::array<double, 2> initial_lr = {};
  std::array<double, 2> lr = {};  ///< of the epoch that comes next
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  std::int64_t steps = 0;               ///< updates of every parameter
  std::int64_t epochs = 0;              ///< done; the script goes on with the epoch of this number
  bool cosine = false;                  ///< CosineAnnealingLR, else StepLR
  std::int64_t lr_drop = 0;             ///< StepLR: epochs between drops by 10
  std::int64_t total_epochs = 0;        ///< CosineAnnealingLR: length
  double min_lr = 0;                    ///< CosineAnnealingLR: where it ends
  std::vector<std::string> notes = {};  ///< what the published script does otherwise than our run
};

/// Tensors of one parameter's state, as numbers that a tree's tensors stand for.
struct MomentTensors {
  std::size_t step = 0;  ///< without dimensions, f32
  std::size_t exp_avg = 0;
  std::size_t exp_avg_sq = 0;
};

/// Adds `optimizer`, `lr_scheduler` and `epoch` to a dict, as torch 2 writes their state_dict(), so
/// that load_state_dict() takes them and the script's --resume goes on.
/// @param moments    of each trained parameter, in the published order
/// @param group_size how many of them belong to group 0
void add_published_optimizer(ValueTree& tree, Value::Node top, const PublishedOptimizer& optimizer,
                             const std::vector<MomentTensors>& moments, std::size_t group_size);

}  // namespace intr
