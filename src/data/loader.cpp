// SPDX-License-Identifier: Apache-2.0
#include "intr/data/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "batch_pipeline.h"
#include "intr/core/error.h"
#include "intr/data/loader_memory.h"
#include "intr/data/size_buckets.h"

namespace intr {
namespace {

/// A row joins a micro-batch.
void add_row(BatchOrder& order, const DataIndex& index, const Transform& transform,
             std::uint64_t seed, std::int64_t epoch, std::int64_t row) {
  order.batch.rows.push_back(row);
  order.batch.sample_ids.push_back(index.sample_id(row));
  order.batch.labels.push_back(index.label(row));
  order.plans.push_back(plan_transform(transform, index.image_size(row), seed,
                                       static_cast<std::uint64_t>(epoch),
                                       static_cast<std::uint64_t>(index.sample_id(row))));
}

/// Steps from planning to use, at least, of bytes that the system is asked to fetch.
constexpr std::int64_t kStepsAhead = 16;

/// After a seek these come first, before another window is worked out.
constexpr std::int64_t kStepsWithoutAdvice = 4;

void validate(const LoaderOptions& o) {
  if (o.micro_batch < 1) throw UsageError("must be at least 1", "--micro-batch");
  if (o.threads < 1 || o.slots < 1)
    throw UsageError("a loader needs at least one thread and one slot");
  if (o.world_size < 1 || o.rank < 0 || o.rank >= o.world_size)
    throw InternalError(fmt::format("rank {} of {}", o.rank, o.world_size));
  if (o.virtual_shards < 0 || o.virtual_shards % o.world_size != 0) {
    throw UsageError(fmt::format("{} virtual shards cannot be dealt to {} ranks evenly",
                                 o.virtual_shards, o.world_size),
                     "--virtual-shards", "use a number of ranks that divides them");
  }
}

/// Slices of a step; those of a rank follow each other.
std::int64_t num_shards(const LoaderOptions& o) { return std::max(o.virtual_shards, o.world_size); }

BatchPipeline::Options pipeline_options(const DataIndex& index, const LoaderOptions& o) {
  const std::int64_t most_of_shard = (o.batch_size + num_shards(o) - 1) / num_shards(o);
  const LoaderNeeds needs =
      loader_needs(index, o.transform, std::min(o.micro_batch, most_of_shard));
  const LoaderSize size = fit_loader(needs, {.slots = o.slots, .threads = o.threads}, o.memory);
  return {.threads = size.threads, .slots = size.slots, .slot_bytes = needs.slot, .hook = o.hook};
}

BatchPipeline::Options pipeline_options(const DataIndex& index,
                                        const std::vector<EvaluationBatch>& batches,
                                        const Transform& transform, const LoaderMeans& means) {
  LoaderNeeds needs = loader_needs(index, transform, 1);
  for (const EvaluationBatch& batch : batches) {
    std::int64_t pixels = 0;
    for (const std::int64_t row : batch.rows)
      pixels += largest_final_area(transform, index.image_size(row));
    needs.slot = std::max(needs.slot, static_cast<std::uint64_t>(pixels) * 3);
  }
  const LoaderSize size =
      fit_loader(needs, {.slots = means.slots, .threads = means.threads}, means.memory);
  return {.threads = size.threads, .slots = size.slots, .slot_bytes = needs.slot, .hook = {}};
}

}  // namespace

std::int64_t MicroBatch::picture_pixels() const noexcept {
  std::int64_t sum = 0;
  for (const ImageSize& picture : sizes) sum += picture.area();
  return sum;
}

void MicroBatch::own(std::vector<std::uint8_t> bytes) {
  own_pixels = std::move(bytes);
  pixels = own_pixels;
  lease = {};
}

struct TrainLoader::State {
  State(const DataIndex& data_index, const ShardReader& reader, const LoaderOptions& o)
      : index(&data_index),
        options(o),
        plan(data_index, o.transform, o.seed, o.batch_size, o.bucket_window, o.drop_last, o.order),
        pipeline(data_index, reader, pipeline_options(data_index, o),
                 [this] { return next_order(); }) {}

  const DataIndex* index;
  LoaderOptions options;
  StepPlan plan;
  // The next micro-batch to be planned; touched by the planner and under restart() only.
  std::int64_t epoch = 0;
  std::int64_t step = 0;
  std::int64_t shard = 0;  ///< among this rank's
  std::int64_t done_of_shard = 0;
  std::int64_t steps_planned = 0;  ///< since the last seek
  BatchPipeline pipeline;          // last: its threads use all of the above

  std::optional<BatchOrder> next_order();
  void add_wanted_later(BatchOrder& order);
};

std::optional<BatchOrder> TrainLoader::State::next_order() {
  const std::vector<std::int64_t>& rows = plan.step(epoch, step);
  const std::int64_t of_rank = num_shards(options) / options.world_size;
  const Slice slice =
      slice_of_rank(std::ssize(rows), options.rank * of_rank + shard, num_shards(options));
  const std::int64_t first = slice.begin + done_of_shard;
  const std::int64_t last = std::min(first + options.micro_batch, slice.end);
  BatchOrder order;
  order.batch.epoch = epoch;
  order.batch.step = step;
  order.batch.step_samples = std::ssize(rows);
  order.batch.first_in_step = first;
  order.batch.last_of_shard = last == slice.end;
  order.batch.last_of_step = order.batch.last_of_shard && shard + 1 == of_rank;
  order.plans.reserve(static_cast<std::size_t>(last - first));
  for (std::int64_t i = first; i < last; ++i)
    add_row(order, *index, options.transform, options.seed, epoch,
            rows[static_cast<std::size_t>(i)]);
  done_of_shard = order.batch.last_of_shard ? 0 : last - slice.begin;
  if (order.batch.last_of_shard) ++shard;
  if (order.batch.last_of_step) {
    if (++steps_planned > kStepsWithoutAdvice) add_wanted_later(order);
    shard = 0;
    if (++step == plan.steps_per_epoch()) {
      step = 0;
      ++epoch;
    }
  }
  return order;
}

/// This rank's samples of the step that stands at the same place of the next window.
void TrainLoader::State::add_wanted_later(BatchOrder& order) {
  const std::int64_t later = step + std::max(plan.window_steps(), kStepsAhead);
  const std::int64_t steps = plan.steps_per_epoch();
  // Beyond the epoch's end: the first steps of the next one, once each.
  if (later >= 2 * steps) return;
  try {
    const std::vector<std::int64_t>& rows =
        later < steps ? plan.step(epoch, later) : plan.step(epoch + 1, later - steps);
    const Slice slice = slice_of_rank(std::ssize(rows), options.rank, options.world_size);
    order.wanted_later.assign(rows.begin() + slice.begin, rows.begin() + slice.end);
  } catch (const Error&) {  // it is thrown where that step is due
    return;
  }
}

TrainLoader::TrainLoader(const DataIndex& index, const ShardReader& reader,
                         const LoaderOptions& options) {
  validate(options);
  state_ = std::make_unique<State>(index, reader, options);
}

TrainLoader::~TrainLoader() = default;

std::int64_t TrainLoader::steps_per_epoch() const noexcept {
  return state_->plan.steps_per_epoch();
}

void TrainLoader::seek(std::int64_t epoch, std::int64_t step) {
  const std::int64_t steps = steps_per_epoch();
  if (epoch < 0 || step < 0 || step > steps)
    throw InternalError(fmt::format("no step {} in epoch {}: an epoch has {}", step, epoch, steps));
  state_->pipeline.restart([&] {
    state_->epoch = step == steps ? epoch + 1 : epoch;
    state_->step = step == steps ? 0 : step;
    state_->shard = 0;
    state_->done_of_shard = 0;
    state_->steps_planned = 0;
  });
}

MicroBatch TrainLoader::next() {
  std::optional<MicroBatch> batch = state_->pipeline.next();
  if (!batch) throw InternalError("training batches came to an end");
  return std::move(*batch);
}

struct EvaluationLoader::State {
  State(const DataIndex& data_index, const ShardReader& reader, const Transform& how,
        std::vector<EvaluationBatch> all, const LoaderMeans& means)
      : index(&data_index),
        transform(how),
        batches(std::move(all)),
        pipeline(data_index, reader, pipeline_options(data_index, batches, how, means),
                 [this] { return next_order(); }) {}

  const DataIndex* index;
  Transform transform;
  std::vector<EvaluationBatch> batches;
  std::size_t next_batch = 0;
  BatchPipeline pipeline;  // last: its threads use all of the above

  std::optional<BatchOrder> next_order();
};

std::optional<BatchOrder> EvaluationLoader::State::next_order() {
  if (next_batch == batches.size()) return std::nullopt;
  const EvaluationBatch& planned = batches[next_batch++];
  BatchOrder order;
  order.batch.step = planned.number;
  order.batch.step_samples = std::ssize(planned.rows);
  for (const std::int64_t row : planned.rows) add_row(order, *index, transform, 0, 0, row);
  return order;
}

EvaluationLoader::EvaluationLoader(const DataIndex& index, const ShardReader& reader,
                                   const Transform& transform, std::vector<EvaluationBatch> batches,
                                   const LoaderMeans& means)
    : state_(std::make_unique<State>(index, reader, transform, std::move(batches), means)) {}

EvaluationLoader::~EvaluationLoader() = default;

std::optional<MicroBatch> EvaluationLoader::next() { return state_->pipeline.next(); }

}  // namespace intr
