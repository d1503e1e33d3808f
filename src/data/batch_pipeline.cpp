// SPDX-License-Identifier: Apache-2.0
#include "batch_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/stopwatch.h"
#include "intr/core/thread_name.h"
#include "intr/core/trace.h"
#include "intr/data/loader_memory.h"

namespace intr {
namespace {

/// A picture that decodes to more than this leaves no memory behind in its thread.
constexpr std::size_t kMostScratch = std::size_t{16} << 20;
constexpr auto kPatience = std::chrono::minutes(10);

}  // namespace

/// Memory of one decoding thread.
struct BatchPipeline::Scratch {
  std::vector<std::byte> encoded;
  Image picture;
  TransformScratch transform;
};

BatchPipeline::BatchPipeline(const DataIndex& index, const ShardReader& reader,
                             const Options& options, Planner planner)
    : index_(&index),
      reader_(&reader),
      max_works_(static_cast<std::size_t>(options.slots) + 1),
      planner_(std::move(planner)),
      slots_(options.slots, options.slot_bytes, options.hook, [bell = bell_] { bell->ring(); }),
      blocks_(kMostReadAhead) {
  try {
    threads_.emplace_back([this] {
      name_this_thread("reader");
      read_ahead();
    });
    for (std::int64_t i = 0; i < options.threads; ++i)
      threads_.emplace_back([this] {
        name_this_thread("decoder");
        decode_pictures();
      });
  } catch (...) {
    end();
    throw;
  }
}

BatchPipeline::~BatchPipeline() { end(); }

void BatchPipeline::end() {
  {
    const std::lock_guard lock(bell_->mutex);
    stopping_ = true;
  }
  bell_->work.notify_all();
  threads_.clear();  // joins
}

std::optional<MicroBatch> BatchPipeline::next() {
  Stopwatch watch;
  Lock lock(bell_->mutex);
  if (!std::exchange(started_, true)) bell_->work.notify_all();
  const auto is_ready = [&] {
    return failure_ != nullptr || (works_.empty() ? at_end_ : works_.front()->is_complete());
  };
  while (!ready_.wait_for(lock, kPatience, is_ready)) {
    if (!works_.empty() && works_.front()->needs_slot() && slots_.num_free() == 0)
      throw InternalError("all slots of a loader are in use by those who ask for another batch");
  }
  if (failure_ == nullptr && !works_.empty()) failure_ = works_.front()->failure;
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  if (works_.empty()) return std::nullopt;
  const auto queue = std::count_if(works_.begin(), works_.end(),
                                   [](const auto& work) { return work->is_complete(); });
  if (trace::on()) {
    trace::counter("ready batches", queue);
    trace::counter("free slots", slots_.num_free());
  }
  const std::shared_ptr<BatchWork> work = std::move(works_.front());
  works_.pop_front();
  lock.unlock();
  bell_->work.notify_all();
  MicroBatch batch = std::move(work->order.batch);
  if (work->lease) {
    batch.pixels = work->lease->memory().first(work->pixel_bytes);
    batch.lease = std::move(*work->lease);
  }
  batch.figures.queue = queue;
  batch.figures.wait_s = watch.lap();
  return batch;
}

void BatchPipeline::restart(const std::function<void()>& change) {
  std::deque<std::shared_ptr<BatchWork>> dropped;  // goes without the lock: see let_go
  {
    const std::lock_guard lock(bell_->mutex);
    for (const std::shared_ptr<BatchWork>& work : works_) {
      work->dropped = true;  // a thread at work on it keeps it alive until it is done
      for (PictureWork& picture : work->pictures)
        if (!picture.taken && picture.block != nullptr) blocks_.leave(picture.block);
    }
    dropped.swap(works_);
    wanted_later_.clear();
    started_ = true;
    at_end_ = false;
    failure_ = nullptr;
    change();
  }
  bell_->work.notify_all();
}

/// Slots that come back ring the bell, which takes the lock: so the last owner of a batch goes
/// without it. A batch that is not dropped has another owner.
void BatchPipeline::let_go(std::shared_ptr<BatchWork>& work, Lock& lock) {
  const bool may_be_last = work->dropped;
  if (may_be_last) lock.unlock();
  work.reset();
  if (may_be_last) lock.lock();
}

/// The lock is held, as in all of the following that take none.
bool BatchPipeline::may_plan() const {
  return started_ && failure_ == nullptr && !at_end_ && works_.size() < max_works_;
}

/// Adds a batch to work on. Planning takes microseconds a picture.
void BatchPipeline::plan_next() {
  try {
    std::optional<BatchOrder> order = planner_();
    if (order) {
      wanted_later_.insert(wanted_later_.end(), order->wanted_later.begin(),
                           order->wanted_later.end());
      works_.push_back(std::make_shared<BatchWork>(std::move(*order), *index_));
    } else {
      at_end_ = true;
    }
  } catch (...) {
    // The batches before it are still good: the failure takes the place of the one planned.
    works_.push_back(std::make_shared<BatchWork>());
    works_.back()->failure = std::current_exception();
    at_end_ = true;
  }
  ready_.notify_all();
  bell_->work.notify_all();
}

void BatchPipeline::decode_pictures() {
  Scratch scratch;
  Lock lock(bell_->mutex);
  while (!stopping_) {
    std::optional<Task> task = take_picture();
    if (!task) {
      if (may_plan()) {
        plan_next();
      } else {
        bell_->work.wait(lock);
      }
      continue;
    }
    lock.unlock();
    BatchFigures took;
    std::exception_ptr failure;
    try {
      took = prepare(*task, scratch);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    finish(*task, took, failure);
    let_go(task->work, lock);
  }
}

/// A picture of the oldest batch that has one; batches get free slots in their order.
std::optional<BatchPipeline::Task> BatchPipeline::take_picture() {
  for (const std::shared_ptr<BatchWork>& work : works_) {
    if (work->failure != nullptr || work->taken == work->pictures.size()) continue;
    if (work->needs_slot()) {
      std::optional<PixelLease> lease = slots_.lend();
      if (!lease) return std::nullopt;
      work->lease = std::move(lease);
    }
    const std::optional<std::size_t> number = work->untaken();
    if (!number) continue;
    PictureWork& picture = work->pictures[*number];
    picture.taken = true;
    ++work->taken;
    return Task{work, *number, picture.bytes == PictureWork::Bytes::kRead};
  }
  return std::nullopt;
}

/// Runs without the lock: nobody else touches a picture that was taken.
BatchFigures BatchPipeline::prepare(const Task& task, Scratch& scratch) const {
  Stopwatch watch;
  BatchFigures took;
  const BatchWork& work = *task.work;
  const std::int64_t row = work.order.batch.rows[task.picture];
  const trace::Scope scope("picture", {"sample_id", work.order.batch.sample_ids[task.picture]});
  const PictureWork& picture = work.pictures[task.picture];
  std::span<const std::byte> bytes;
  if (task.was_read) bytes = {picture.block->memory.get() + picture.begin, index_->length(row)};
  if (!task.was_read || !reader_->is_intact(row, bytes)) {
    reader_->read_into(row, scratch.encoded);
    bytes = scratch.encoded;
  }
  took.read_s = watch.lap();
  reader_->decode_into(scratch.picture, row, bytes);
  took.decode_s = watch.lap();
  transform_into(work.order.plans[task.picture], scratch.picture, scratch.transform,
                 work.place_of(task.picture));
  took.resize_s = watch.lap();
  if (scratch.picture.rgb.capacity() + scratch.encoded.capacity() > kMostScratch) scratch = {};
  return took;
}

void BatchPipeline::finish(const Task& task, const BatchFigures& took,
                           const std::exception_ptr& failure) {
  BatchWork& work = *task.work;
  if (task.was_read) blocks_.leave(work.pictures[task.picture].block);
  BatchFigures& sums = work.order.batch.figures;
  sums.read_s += took.read_s;
  sums.decode_s += took.decode_s;
  sums.resize_s += took.resize_s;
  ++work.done;
  if (failure != nullptr && work.failure == nullptr) work.failure = failure;
  if (work.is_complete()) ready_.notify_all();
  if (wants_room_ && task.was_read) bell_->work.notify_all();
}

}  // namespace intr
