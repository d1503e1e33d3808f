// SPDX-License-Identifier: Apache-2.0
// The reading thread of a BatchPipeline.
#include <algorithm>
#include <chrono>

#include "batch_pipeline.h"
#include "intr/core/checked_cast.h"
#include "intr/core/trace.h"

namespace intr {
namespace {

constexpr std::uint64_t kMostInOneRead = std::uint64_t{4} << 20;  // bytes
constexpr std::size_t kMostToTell = 32;                           // rows before it looks up again

}  // namespace

/// What is needed soonest goes first: reads for planned batches, then plans, then advice.
void BatchPipeline::read_ahead() {
  Read read;
  Lock lock(bell_->mutex);
  while (!stopping_) {
    if (choose_read(read)) {
      carry_out(read, lock);
    } else if (may_plan()) {
      plan_next();
    } else if (!wanted_later_.empty()) {
      tell_system(lock);
    } else {
      bell_->work.wait(lock);
    }
  }
}

/// The next records of the oldest batch that nobody has read, with memory for them.
/// @return false if there are none, or too many bytes are under way
bool BatchPipeline::choose_read(Read& read) {
  for (const std::shared_ptr<BatchWork>& work : works_) {
    if (work->failure != nullptr) continue;
    const std::vector<std::int64_t>& rows = work->order.batch.rows;
    const auto is_free = [&](std::size_t picture) {
      const PictureWork& each = work->pictures[picture];
      return !each.taken && each.bytes == PictureWork::Bytes::kUnread;
    };
    std::size_t& next = work->next_read;
    while (next < work->read_order.size() && !is_free(work->read_order[next])) ++next;
    if (next == work->read_order.size()) continue;
    const std::int64_t first = rows[work->read_order[next]];
    read.pictures.clear();
    read.bytes = 0;
    for (std::size_t place = next; place < work->read_order.size(); ++place) {
      const std::size_t picture = work->read_order[place];
      const std::int64_t row = rows[picture];
      const bool follows = index_->shard_of(row) == index_->shard_of(first) &&
                           index_->begin(row) == index_->begin(first) + read.bytes;
      if (!is_free(picture) || !follows) break;
      if (!read.pictures.empty() && read.bytes + index_->length(row) > kMostInOneRead) break;
      read.pictures.push_back(picture);
      read.bytes += index_->length(row);
    }
    read.block = blocks_.take(read.bytes, std::ssize(read.pictures));
    wants_room_ = read.block == nullptr;
    if (wants_room_) return false;
    read.work = work;
    next += read.pictures.size();
    for (const std::size_t picture : read.pictures)
      work->pictures[picture].bytes = PictureWork::Bytes::kReading;
    return true;
  }
  return false;
}

/// Reads without the lock. Where that fails, the thread that decodes a picture reads it again and
/// finds out why.
void BatchPipeline::carry_out(Read& read, Lock& lock) {
  BatchWork& work = *read.work;
  lock.unlock();
  const auto begin = std::chrono::steady_clock::now();
  const std::int64_t first = work.order.batch.rows[read.pictures.front()];
  bool good = false;
  {
    const trace::Scope scope("read", {"pictures", std::ssize(read.pictures)},
                             {"bytes", checked_cast<std::int64_t>(read.bytes)});
    good = reader_->read_ahead(first, {read.block->memory.get(), read.bytes});
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  lock.lock();
  std::size_t place = 0;
  for (const std::size_t number : read.pictures) {
    PictureWork& picture = work.pictures[number];
    picture.bytes = good ? PictureWork::Bytes::kRead : PictureWork::Bytes::kUnread;
    if (good && !work.dropped) {
      picture.block = read.block;
      picture.begin = place;
    } else {
      blocks_.leave(read.block);
    }
    place += index_->length(work.order.batch.rows[number]);
  }
  work.order.batch.figures.read_s += took.count();
  bell_->work.notify_all();
  let_go(read.work, lock);
}

/// Lets the system fetch what later batches need.
void BatchPipeline::tell_system(Lock& lock) {
  const std::size_t count = std::min(kMostToTell, wanted_later_.size());
  const std::vector<std::int64_t> rows(wanted_later_.begin(),
                                       wanted_later_.begin() + static_cast<std::ptrdiff_t>(count));
  wanted_later_.erase(wanted_later_.begin(),
                      wanted_later_.begin() + static_cast<std::ptrdiff_t>(count));
  lock.unlock();
  for (const std::int64_t row : rows) reader_->will_need(row);
  lock.lock();
}

}  // namespace intr
