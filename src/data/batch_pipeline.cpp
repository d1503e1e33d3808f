// SPDX-License-Identifier: Apache-2.0
#include "batch_pipeline.h"

#include <algorithm>
#include <cstring>

#include "intr/core/error.h"

namespace intr {
namespace {

/// Fills in what follows from the final sizes: places in `pixels`, and the room itself.
void lay_out(BatchOrder& order) {
  MicroBatch& batch = order.batch;
  std::size_t bytes = 0;
  for (const TransformPlan& plan : order.plans) {
    batch.sizes.push_back(plan.final);
    batch.offsets.push_back(bytes);
    batch.padded.height = std::max(batch.padded.height, plan.final.height);
    batch.padded.width = std::max(batch.padded.width, plan.final.width);
    bytes += static_cast<std::size_t>(plan.final.area()) * 3;
  }
  batch.pixels.resize(bytes);
}

}  // namespace

BatchPipeline::BatchPipeline(const DataIndex& index, const ShardReader& reader,
                             std::int64_t threads, std::int64_t slots, Planner planner)
    : index_(&index),
      reader_(&reader),
      max_slots_(static_cast<std::size_t>(std::max<std::int64_t>(1, slots))),
      planner_(std::move(planner)) {
  try {
    for (std::int64_t i = 0; i < std::max<std::int64_t>(1, threads); ++i)
      threads_.emplace_back([this] { work(); });
  } catch (...) {
    end();
    throw;
  }
}

BatchPipeline::~BatchPipeline() { end(); }

void BatchPipeline::end() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  threads_.clear();  // joins
}

std::optional<MicroBatch> BatchPipeline::next() {
  std::unique_lock lock(mutex_);
  work_.notify_all();
  ready_.wait(lock, [&] {
    return failure_ != nullptr || (slots_.empty() ? at_end_ : slots_.front()->is_complete());
  });
  if (failure_ == nullptr && !slots_.empty()) failure_ = slots_.front()->failure;
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  if (slots_.empty()) return std::nullopt;
  const std::shared_ptr<Slot> slot = std::move(slots_.front());
  slots_.pop_front();
  lock.unlock();
  work_.notify_all();
  return std::move(slot->order.batch);
}

void BatchPipeline::restart(const std::function<void()>& change) {
  {
    const std::lock_guard lock(mutex_);
    slots_.clear();  // a thread that works on a dropped batch keeps it alive until it is done
    at_end_ = false;
    failure_ = nullptr;
    change();
  }
  work_.notify_all();
}

void BatchPipeline::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::shared_ptr<Slot> slot = slot_with_work();
    if (slot == nullptr) {
      if (failure_ == nullptr && !at_end_ && slots_.size() < max_slots_) {
        plan_next();
      } else {
        work_.wait(lock);
      }
      continue;
    }
    const std::size_t picture = slot->taken++;
    lock.unlock();
    std::exception_ptr failure;
    try {
      prepare(*slot, picture);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    ++slot->done;
    if (failure != nullptr && slot->failure == nullptr) slot->failure = failure;
    if (slot->is_complete()) ready_.notify_all();
  }
}

/// The oldest batch with a picture that nobody has taken. The lock is held.
std::shared_ptr<BatchPipeline::Slot> BatchPipeline::slot_with_work() {
  for (const std::shared_ptr<Slot>& slot : slots_)
    if (slot->failure == nullptr && slot->taken < slot->order.plans.size()) return slot;
  return nullptr;
}

/// Adds a batch to work on. The lock is held: planning takes microseconds a picture.
void BatchPipeline::plan_next() {
  try {
    std::optional<BatchOrder> order = planner_();
    if (order) {
      lay_out(*order);
      slots_.push_back(std::make_shared<Slot>());
      slots_.back()->order = std::move(*order);
    } else {
      at_end_ = true;
    }
  } catch (...) {
    // The batches before it are still good: the failure takes the place of the one planned.
    slots_.push_back(std::make_shared<Slot>());
    slots_.back()->failure = std::current_exception();
    at_end_ = true;
  }
  ready_.notify_all();
  work_.notify_all();
}

void BatchPipeline::prepare(Slot& slot, std::size_t picture) const {
  const std::int64_t row = slot.order.batch.rows[picture];
  const TransformPlan& plan = slot.order.plans[picture];
  const Image image = apply_transform(plan, reader_->decode(row));
  if (image.size != plan.final) throw InternalError("a picture of another size than planned");
  std::memcpy(slot.order.batch.pixels.data() + slot.order.batch.offsets[picture], image.rgb.data(),
              image.rgb.size());
}

}  // namespace intr
