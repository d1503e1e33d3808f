// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/piece_queue.h"

#include <utility>

namespace intr {

PieceQueue::PieceQueue(std::string folder, DumpFacts facts, std::uint32_t piece_count)
    : folder_(std::move(folder)),
      facts_(std::move(facts)),
      piece_count_(piece_count),
      thread_([this] { work(); }) {}

PieceQueue::~PieceQueue() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    waiting_.reset();
  }
  changed_.notify_all();
  thread_.join();
}

void PieceQueue::rethrow() const {
  if (error_) std::rethrow_exception(error_);
}

void PieceQueue::push(std::uint32_t number, std::vector<MapRecord> records) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return error_ || !waiting_; });
  rethrow();
  waiting_ = Job{number, std::move(records)};
  lock.unlock();
  changed_.notify_all();
}

void PieceQueue::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return error_ || (!waiting_ && !writing_); });
  rethrow();
}

void PieceQueue::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || waiting_; });
    if (!waiting_) return;
    const Job job = std::move(*waiting_);
    waiting_.reset();
    writing_ = true;
    lock.unlock();
    changed_.notify_all();
    std::exception_ptr error;
    try {
      write_piece(folder_, facts_, job.number, piece_count_, job.records);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    writing_ = false;
    error_ = error;
    changed_.notify_all();
    if (error) return;
  }
}

}  // namespace intr
