// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "batch_work.h"
#include "intr/data/loader.h"

namespace intr {

/// Threads that decode and transform the pictures of coming micro-batches straight into slots, and
/// one that reads ahead for them. Each decoding thread takes one picture at a time, of the oldest
/// batch first; if its bytes are not there yet and nobody reads them, it reads them itself.
/// Batches come out in the order of their orders. The first error of a batch is thrown when that
/// batch is asked for, and ever after. Nothing is planned before the first next() or restart().
/// One consumer.
class BatchPipeline {
 public:
  /// Gives the next order, or nothing at the end. Called by one thread at a time.
  using Planner = std::function<std::optional<BatchOrder>()>;
  struct Options {
    std::int64_t threads = 1;
    std::int64_t slots = 3;
    std::size_t slot_bytes = 0;  ///< of the largest micro-batch that the planner can order
    SlotMemoryHook hook;
  };

  BatchPipeline(const DataIndex& index, const ShardReader& reader, const Options& options,
                Planner planner);
  BatchPipeline(const BatchPipeline&) = delete;
  BatchPipeline& operator=(const BatchPipeline&) = delete;
  /// Ends the threads from any state; pictures in work are finished first.
  ~BatchPipeline();

  /// The next micro-batch; nothing after the last.
  std::optional<MicroBatch> next();
  /// Drops all prepared batches and runs `change` while no thread is planning.
  void restart(const std::function<void()>& change);

 private:
  /// What a returned slot wakes, though the pipeline may be gone by then.
  struct Bell {
    std::mutex mutex;
    std::condition_variable work;  ///< something to do, a free slot, or the end
    void ring() {
      { const std::lock_guard lock(mutex); }
      work.notify_all();
    }
  };
  struct Scratch;
  struct Task {
    std::shared_ptr<BatchWork> work;
    std::size_t picture = 0;
    bool was_read = false;  ///< its bytes are in its block
  };
  /// Records that one read brings: pictures of a batch whose bytes follow each other.
  struct Read {
    std::shared_ptr<BatchWork> work;
    std::vector<std::size_t> pictures;
    std::uint64_t bytes = 0;
    EncodedBlocks::Block* block = nullptr;
  };
  using Lock = std::unique_lock<std::mutex>;

  void end();
  static void let_go(std::shared_ptr<BatchWork>& work, Lock& lock);
  bool may_plan() const;
  void plan_next();
  // Decoding threads.
  void decode_pictures();
  std::optional<Task> take_picture();
  BatchFigures prepare(const Task& task, Scratch& scratch) const;
  void finish(const Task& task, const BatchFigures& took, const std::exception_ptr& failure);
  // The reading thread.
  void read_ahead();
  bool choose_read(Read& read);
  void carry_out(Read& read, Lock& lock);
  void tell_system(Lock& lock);

  const DataIndex* index_;
  const ShardReader* reader_;
  std::size_t max_works_;
  Planner planner_;
  std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
  std::condition_variable ready_;  ///< a batch may be complete
  PixelSlots slots_;
  EncodedBlocks blocks_;
  std::deque<std::shared_ptr<BatchWork>> works_;  ///< the oldest first
  std::deque<std::int64_t> wanted_later_;         ///< rows that the system is to be told of
  bool wants_room_ = false;                       ///< reading ahead waits for memory
  bool started_ = false;
  bool at_end_ = false;
  bool stopping_ = false;
  std::exception_ptr failure_;  ///< thrown by next() for ever
  std::vector<std::jthread> threads_;
};

}  // namespace intr
