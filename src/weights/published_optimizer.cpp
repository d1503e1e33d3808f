// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/published_optimizer.h"

#include "tree_building.h"

namespace intr {
namespace {

using Kind = Value::Kind;
using Node = Value::Node;

Node pair(ValueTree& tree, Kind kind, double first, double second) {
  const Node node = tree.add_container(kind);
  tree.append(node, tree.add_real(first));
  tree.append(node, tree.add_real(second));
  return node;
}

Node moments_dict(ValueTree& tree, const MomentTensors& moments) {
  const Node dict = tree.add_container(Kind::dict);
  put(tree, dict, "step", tensor_node(tree, moments.step));
  put(tree, dict, "exp_avg", tensor_node(tree, moments.exp_avg));
  put(tree, dict, "exp_avg_sq", tensor_node(tree, moments.exp_avg_sq));
  return dict;
}

/// Keys and order as torch.optim.AdamW has them.
Node group_dict(ValueTree& tree, const PublishedOptimizer& optimizer, std::size_t group,
                std::size_t first, std::size_t end) {
  const auto no = [&] { return tree.add(Kind::boolean, 0); };
  const auto none = [&] { return tree.add(Kind::null); };
  const Node dict = tree.add_container(Kind::dict);
  put(tree, dict, "lr", tree.add_real(optimizer.lr[group]));
  put(tree, dict, "betas", pair(tree, Kind::tuple, optimizer.beta1, optimizer.beta2));
  put(tree, dict, "eps", tree.add_real(optimizer.eps));
  put(tree, dict, "weight_decay", tree.add_real(optimizer.weight_decay));
  put(tree, dict, "amsgrad", no());
  put(tree, dict, "maximize", no());
  put(tree, dict, "foreach", none());
  put(tree, dict, "capturable", no());
  put(tree, dict, "differentiable", no());
  put(tree, dict, "fused", none());
  put(tree, dict, "decoupled_weight_decay", tree.add(Kind::boolean, 1));
  put(tree, dict, "initial_lr", tree.add_real(optimizer.initial_lr[group]));
  const Node indices = tree.add_container(Kind::list);
  for (std::size_t i = first; i < end; ++i)
    tree.append(indices, tree.add(Kind::integer, static_cast<std::int64_t>(i)));
  put(tree, dict, "params", indices);
  return dict;
}

Node optimizer_dict(ValueTree& tree, const PublishedOptimizer& optimizer,
                    const std::vector<MomentTensors>& moments, std::size_t group_size) {
  const Node state = tree.add_container(Kind::dict);
  for (std::size_t i = 0; i < moments.size(); ++i)
    tree.insert(state, tree.add(Kind::integer, static_cast<std::int64_t>(i)),
                moments_dict(tree, moments[i]));
  const Node groups = tree.add_container(Kind::list);
  tree.append(groups, group_dict(tree, optimizer, 0, 0, group_size));
  tree.append(groups, group_dict(tree, optimizer, 1, group_size, moments.size()));
  const Node dict = tree.add_container(Kind::dict);
  put(tree, dict, "state", state);
  put(tree, dict, "param_groups", groups);
  return dict;
}

/// Keys and order as StepLR and CosineAnnealingLR have them.
Node scheduler_dict(ValueTree& tree, const PublishedOptimizer& optimizer) {
  const auto integer = [&](std::int64_t number) { return tree.add(Kind::integer, number); };
  const Node dict = tree.add_container(Kind::dict);
  if (optimizer.cosine) {
    put(tree, dict, "T_max", integer(optimizer.total_epochs));
    put(tree, dict, "eta_min", tree.add_real(optimizer.min_lr));
  } else {
    put(tree, dict, "step_size", integer(optimizer.lr_drop));
    put(tree, dict, "gamma", tree.add_real(0.1));
  }
  const auto& [base, base_backbone] = optimizer.initial_lr;
  put(tree, dict, "base_lrs", pair(tree, Kind::list, base, base_backbone));
  put(tree, dict, "last_epoch", integer(optimizer.epochs));
  put(tree, dict, "_step_count", integer(optimizer.epochs + 1));
  put(tree, dict, "_get_lr_called_within_step", tree.add(Kind::boolean, 0));
  put(tree, dict, "_last_lr", pair(tree, Kind::list, optimizer.lr[0], optimizer.lr[1]));
  return dict;
}

}  // namespace

void add_published_optimizer(ValueTree& tree, Value::Node top, const PublishedOptimizer& optimizer,
                             const std::vector<MomentTensors>& moments, std::size_t group_size) {
  put(tree, top, "optimizer", optimizer_dict(tree, optimizer, moments, group_size));
  put(tree, top, "lr_scheduler", scheduler_dict(tree, optimizer));
  put(tree, top, "epoch", tree.add(Kind::integer, optimizer.epochs - 1));
}

}  // namespace intr
