// SPDX-License-Identifier: Apache-2.0
#include "step_rounds.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <torch/torch.h>

#include <algorithm>
#include <span>

#include "bench_report.h"
#include "intr/core/stopwatch.h"
#include "intr/data/network_input.h"
#include "intr/train/device.h"
#include "intr/train/replica_guard.h"
#include "model_bench.h"

namespace intr {
namespace {

const Tag kTag{.section = "bench"};

void add(StepTimes& sum, const StepTimes& times) {
  sum.data += times.data;
  sum.forward += times.forward;
  sum.backward += times.backward;
  sum.exposed += times.exposed;
  sum.optimizer += times.optimizer;
}

double peak_of(at::Device device) {
  if (device.is_cpu()) return 0;
  const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  const auto all = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return static_cast<double>(stats.allocated_bytes[all].peak) / (1 << 20);
}

}  // namespace

nlohmann::ordered_json StepRound::json() const {
  return {{"seconds", seconds},
          {"work", images},
          {"cpu_s", cpu_s},
          {"steps_ms", steps_ms},
          {"data_s", phases.data},
          {"forward_s", phases.forward},
          {"backward_s", phases.backward},
          {"exposed_s", phases.exposed},
          {"optimizer_s", phases.optimizer},
          {"peak_gpu_mb", peak_gpu_mb}};
}

StepRounds::StepRounds(const ModelConfig& model, BucketPlan plan,
                       const std::vector<BatchShape>& shapes, at::Device device,
                       at::ScalarType products, Communicator& communicator)
    : communicator_(communicator),
      sections_({}, steady_seconds()),
      watched_(communicator, sections_),
      batches_(shapes, model.num_classes, communicator.rank(), communicator.world_size(),
               pinned_for(device)),
      state_(model, {.freeze = "stem"}, device, std::move(plan), products),
      optimizer_(state_.flat(), {}) {
  state_.set_tensors(bench_weights(model));
}

/// Ranks begin each step together, so that nobody's step waits for the other's preparations.
template <class Step>
StepRound StepRounds::round(const Step& step) {
  StepRound round;
  batches_.seek(0, 0);
  for (std::int64_t i = 0; i < batches_.steps_per_epoch(); ++i) {
    communicator_.barrier(kTag);
    const double processor = processor_seconds();
    Stopwatch watch;
    add(round.phases, step());
    round.steps_ms.push_back(1e3 * watch.lap());
    round.cpu_s += processor_seconds() - processor;
    round.seconds += 1e-3 * round.steps_ms.back();
  }
  Stopwatch watch;
  DeviceMark(state_.device()).wait();
  round.seconds += watch.lap();
  round.images = batches_.num_images();
  round.peak_gpu_mb = peak_of(state_.device());
  communicator_.allreduce_now(std::span(&round.seconds, 1), Op::max, kTag);
  return round;
}

StepRound StepRounds::trained() {
  GradientReducer reducer(state_.flat(), watched_);
  const std::int64_t steps = batches_.steps_per_epoch();
  Trainer trainer(
      {.state = state_,
       .loader = batches_,
       .reducer = reducer,
       .optimizer = optimizer_,
       .stop_requested = [] { return false; },
       .step_begins =
           [this](std::int64_t step) { sections_.enter(Section::kStep, step, steady_seconds()); }},
      {.schedule = {}, .batch_size = std::max<std::int64_t>(1, batches_.num_images() / steps)});
  return round([&] { return trainer.step().times; });
}

StepRound StepRounds::bare() {
  return round([this] { return bare_step(batches_.next()); });
}

StepTimes StepRounds::bare_step(const MicroBatch& batch) {
  StepTimes times;
  Stopwatch watch;
  const at::Tensor images = network_input(batch, state_.device());
  const at::Tensor labels = torch::tensor(batch.labels, torch::kInt64).to(state_.device());
  times.data = watch.lap();
  ForwardOptions with_dropout;
  with_dropout.training = true;
  const at::Tensor loss = classification_loss(
      state_.model().forward(images, batch.sizes, with_dropout).logits, labels, batch.step_samples);
  static_cast<void>(loss.item<double>());
  times.forward = watch.lap();
  loss.backward();
  times.backward = watch.lap();
  static_cast<void>(optimizer_.step(learning_rates({}, 0, 0)));
  times.optimizer = watch.lap();
  return times;
}

double StepRounds::sums_alone() {
  auto* values = static_cast<float*>(state_.flat().grad_with_tail().mutable_data_ptr());
  communicator_.barrier(kTag);
  Stopwatch watch;
  std::vector<std::unique_ptr<Work>> works;
  for (const FlatState::Bucket& bucket : state_.flat().buckets())
    works.push_back(
        watched_.allreduce({values + bucket.begin,
                            static_cast<std::size_t>(bucket.end - bucket.begin), ElementType::f32},
                           Op::sum, nullptr, kTag));
  for (const auto& work : works) work->wait();
  double seconds = watch.lap();
  communicator_.allreduce_now(std::span(&seconds, 1), Op::max, kTag);
  return seconds;
}

void StepRounds::require_equal_ranks() {
  const std::vector<std::string> nodes(static_cast<std::size_t>(communicator_.world_size()),
                                       communicator_.info().node);
  require_equal_replicas(replica_hash(state_.flat()), 0, nodes, communicator_);
}

}  // namespace intr
