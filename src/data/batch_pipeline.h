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

#include "intr/data/loader.h"

namespace intr {

/// A micro-batch that is to be prepared: everything but the pixels, and what happens to each
/// picture.
struct BatchOrder {
  MicroBatch batch;                  ///< rows, ids, labels, step; the pipeline fills in the rest
  std::vector<TransformPlan> plans;  ///< one a row
};

/// Threads that decode and transform the pictures of coming micro-batches, a few batches ahead.
/// Each thread takes one picture at a time, the oldest batch first; batches come out in the order
/// of their orders. The first error of a batch is thrown when that batch is asked for, and ever
/// after. One consumer.
class BatchPipeline {
 public:
  /// Gives the next order, or nothing at the end. Called by one thread at a time.
  using Planner = std::function<std::optional<BatchOrder>()>;

  BatchPipeline(const DataIndex& index, const ShardReader& reader, std::int64_t threads,
                std::int64_t slots, Planner planner);
  BatchPipeline(const BatchPipeline&) = delete;
  BatchPipeline& operator=(const BatchPipeline&) = delete;
  /// Ends the threads from any state; pictures in work are finished first.
  ~BatchPipeline();

  /// The next micro-batch; nothing after the last.
  std::optional<MicroBatch> next();
  /// Drops all prepared batches and runs `change` while no thread is planning.
  void restart(const std::function<void()>& change);

 private:
  struct Slot {
    BatchOrder order;
    std::size_t taken = 0;  ///< pictures that threads have taken
    std::size_t done = 0;
    std::exception_ptr failure;
    bool is_complete() const { return failure != nullptr || done == order.plans.size(); }
  };

  void work();
  void end();
  std::shared_ptr<Slot> slot_with_work();
  void plan_next();
  void prepare(Slot& slot, std::size_t picture) const;

  const DataIndex* index_;
  const ShardReader* reader_;
  std::size_t max_slots_;
  Planner planner_;
  std::mutex mutex_;
  std::condition_variable work_;   ///< something to do, or the end
  std::condition_variable ready_;  ///< a batch may be complete
  std::deque<std::shared_ptr<Slot>> slots_;
  bool at_end_ = false;
  bool stopping_ = false;
  std::exception_ptr failure_;  ///< thrown by next() for ever
  std::vector<std::jthread> threads_;
};

}  // namespace intr
