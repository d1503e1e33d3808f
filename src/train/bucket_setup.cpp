// SPDX-License-Identifier: Apache-2.0
#include "intr/train/bucket_setup.h"

#include <torch/torch.h>

#include <cstring>

#include "intr/comm/gradient_hooks.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/train/plan_assumptions.h"

namespace intr {
namespace {

const Tag kTag{.section = "start"};
constexpr std::int64_t kSide = 64;  // pixels; the order does not depend on it

/// The size of buckets that a profile of the machine speaks for.
BucketPlan plan_from(const std::string& profile, const GradientTensors& tensors,
                     const WorldInfo& world) {
  const KnownCluster known = know_cluster(world.world_size, world.local_size, kAssumedNetwork,
                                          world.back_end, read_comm_profile(profile));
  BucketChoice choice =
      choose_buckets(tensors, world.back_end, known.cluster, assumed_step().backward_s);
  log::info("gradient buckets of {} MiB: chosen from {}", choice.most_mb, profile);
  return std::move(choice.plan);
}

BucketPlan make_plan(const ModelConfig& config, const TrainableOptions& options,
                     const BucketWish& wish, const WorldInfo& world) {
  const GradientTensors tensors = gradient_tensors(config, options);
  if (wish.most_mb == 0 && !wish.profile.empty()) return plan_from(wish.profile, tensors, world);
  return plan_buckets(tensors.order, tensors.bytes,
                      bucket_sizes(world.back_end, wish.most_mb << 20));
}

void broadcast(std::vector<std::uint32_t>& numbers, Communicator& communicator) {
  std::vector<std::byte> bytes(numbers.size() * sizeof(std::uint32_t));
  if (!bytes.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
  communicator.broadcast_bytes(bytes, 0, kTag);
  numbers.resize(bytes.size() / sizeof(std::uint32_t));
  if (!bytes.empty()) std::memcpy(numbers.data(), bytes.data(), bytes.size());
}

}  // namespace

std::vector<std::uint32_t> observe_backward_order(const ModelConfig& config,
                                                  const TrainableOptions& options) {
  const TrainingState state(config, options, at::kCPU);
  std::vector<std::uint32_t> order;
  const GradientHooks hooks(state.flat().parameters(), [&order](std::size_t entry) {
    order.push_back(static_cast<std::uint32_t>(entry));
  });
  ForwardOptions training;
  training.training = true;
  const IntrOutput output =
      state.model().forward(torch::zeros({1, 3, kSide, kSide}), {{kSide, kSide}}, training);
  classification_loss(output.logits, torch::zeros({1}, torch::kInt64), 1).backward();
  std::vector<bool> reached(state.flat().entries().size());
  for (const std::uint32_t entry : order) reached[entry] = true;
  for (std::size_t entry = 0; entry < reached.size(); ++entry)
    if (!reached[entry])
      throw InternalError("no gradient reaches this trainable tensor",
                          state.flat().entries()[entry].name);
  return order;
}

GradientTensors gradient_tensors(const ModelConfig& config, const TrainableOptions& options) {
  GradientTensors tensors{.order = observe_backward_order(config, options)};
  for (const ParameterRow& row : trainable_parameters(config, options))
    tensors.bytes.push_back(row.num_values() * 4);
  return tensors;
}

BucketPlan settle_bucket_plan(const std::optional<BucketPlan>& stored, const ModelConfig& config,
                              const TrainableOptions& options, const BucketWish& wish,
                              Communicator& communicator) {
  BucketPlan plan;
  if (communicator.rank() == 0)
    plan = stored ? *stored : make_plan(config, options, wish, communicator.info());
  broadcast(plan.parameter, communicator);
  broadcast(plan.bucket_end, communicator);
  communicator.agree("the bucket plan", plan.hash(), kTag);
  return plan;
}

}  // namespace intr
