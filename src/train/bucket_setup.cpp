// SPDX-License-Identifier: Apache-2.0
#include "intr/train/bucket_setup.h"

#include <torch/torch.h>

#include <algorithm>
#include <cstring>

#include "intr/comm/gradient_hooks.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/stopwatch.h"
#include "intr/train/plan_assumptions.h"

namespace intr {
namespace {

const Tag kTag{.section = "start"};
constexpr ImageSize kSmall{64, 64};  // the order does not depend on it

/// The loss of a training pass over one black picture.
at::Tensor dry_loss(const TrainingState& state, ImageSize picture) {
  ForwardOptions training;
  training.training = true;
  const IntrOutput output = state.model().forward(
      torch::zeros({1, 3, picture.height, picture.width}), {picture}, training);
  return classification_loss(output.logits, torch::zeros({1}, torch::kInt64), 1);
}

/// The size of buckets that a profile of the machine speaks for. No clock is asked here: a plan
/// decides the order of sums, and equal runs shall have equal plans.
BucketPlan plan_from(const BucketWish& wish, const GradientTensors& tensors,
                     const WorldInfo& world) {
  const CommProfile profile = read_comm_profile(wish.profile);
  const KnownCluster known =
      know_cluster(world.world_size, world.local_size, kAssumedNetwork, world.back_end, profile);
  const double backward_s = step_times(profile, wish.pictures, wish.last_pass).backward_s;
  BucketChoice choice = choose_buckets(tensors, world.back_end, known.cluster, backward_s);
  log::info("gradient buckets of {} MiB: chosen from {}", choice.most_mb, wish.profile);
  return std::move(choice.plan);
}

BucketPlan make_plan(const ModelConfig& config, const TrainableOptions& options,
                     const BucketWish& wish, const WorldInfo& world) {
  const GradientTensors tensors = gradient_tensors(config, options);
  if (wish.most_mb == 0 && !wish.profile.empty()) return plan_from(wish, tensors, world);
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
  dry_loss(state, kSmall).backward();
  std::vector<bool> reached(state.flat().entries().size());
  for (const std::uint32_t entry : order) reached[entry] = true;
  for (std::size_t entry = 0; entry < reached.size(); ++entry)
    if (!reached[entry])
      throw InternalError("no gradient reaches this trainable tensor",
                          state.flat().entries()[entry].name);
  return order;
}

double measure_backward(const ModelConfig& config, const TrainableOptions& options,
                        ImageSize picture, int passes) {
  const TrainingState state(config, options, at::kCPU);
  std::vector<double> seconds;
  for (int pass = 0; pass <= passes; ++pass) {
    const at::Tensor loss = dry_loss(state, picture);
    Stopwatch watch;
    loss.backward();
    seconds.push_back(watch.lap());
  }
  std::sort(seconds.begin() + 1, seconds.end());
  return seconds[1 + static_cast<std::size_t>(passes) / 2];
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
