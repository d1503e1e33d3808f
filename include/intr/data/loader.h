// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "intr/data/augmentation.h"
#include "intr/data/data_index.h"
#include "intr/data/epoch_order.h"
#include "intr/data/evaluation_plan.h"
#include "intr/data/pixel_slots.h"
#include "intr/data/shard_reader.h"

namespace intr {

/// What preparing a micro-batch took. Times of threads are summed over its pictures.
struct BatchFigures {
  double wait_s = 0;        ///< the consumer waited for it
  double read_s = 0;        ///< reading and checking encoded bytes
  double decode_s = 0;      ///< decoding
  double resize_s = 0;      ///< flip, resize, crop
  std::uint64_t bytes = 0;  ///< encoded
  std::int64_t queue =
      0;  ///< complete micro-batches that waited when it was handed out, this included
};

/// The pictures of one forward pass: u8 RGB, not yet normalized or padded. Move-only: the memory of
/// its pixels belongs to a loader, which prepares the next pictures there once this is gone.
struct MicroBatch {
  std::int64_t epoch = 0;
  std::int64_t step = 0;  ///< of the epoch; in evaluation the number of the batch in the plan
  std::int64_t step_samples = 0;   ///< samples of the whole step, over all ranks
  std::int64_t first_in_step = 0;  ///< number of this micro-batch's first sample within the step
  bool last_of_step = true;        ///< this rank's last micro-batch of the step
  bool last_of_shard = true;       ///< the last one of its virtual shard, or of the rank's share
  std::vector<std::int64_t>
      rows;  ///< of the index; may be empty when a step has fewer samples than ranks or shards
  std::vector<std::int64_t> sample_ids;
  std::vector<std::int64_t> labels;
  std::vector<ImageSize> sizes;
  std::vector<std::size_t> offsets;      ///< of each picture in `pixels`
  std::span<const std::uint8_t> pixels;  ///< [height, width, 3] end to end; valid while this lives
  ImageSize padded;                      ///< largest height and largest width
  BatchFigures figures;
  PixelLease lease;                      ///< of the memory behind `pixels`
  std::vector<std::uint8_t> own_pixels;  ///< that memory, where no loader lent it

  /// Gives the batch pixels of its own, for batches that no loader made.
  void own(std::vector<std::uint8_t> bytes);

  /// Pixels of the pictures alone, and of the padded batch.
  std::int64_t picture_pixels() const noexcept;
  std::int64_t padded_pixels() const noexcept { return padded.area() * size(); }
  std::int64_t size() const noexcept { return static_cast<std::int64_t>(rows.size()); }
};

/// What decides the sequence of training batches. Everything but rank, world size, threads and
/// slots is part of a run's identity.
struct LoaderOptions {
  Transform transform;
  std::uint64_t seed = 42;
  std::int64_t batch_size = 48;   ///< samples of a step, over all ranks
  std::int64_t micro_batch = 12;  ///< samples of a forward pass of one rank, at most
  std::int64_t bucket_window =
      50;  ///< steps whose samples are sorted by final size together; 1 = no sorting
  bool drop_last = false;  ///< leave out the last incomplete step of an epoch
  OrderKind order;
  /// Micro-batches are cut as if there were so many ranks, so that their padding does not depend on
  /// the real number, which must divide it. Each shard has at least one micro-batch, which may be
  /// empty. 0 = as many as ranks.
  std::int64_t virtual_shards = 0;
  std::int64_t rank = 0;
  std::int64_t world_size = 1;
  std::int64_t threads = 1;  ///< decoding threads
  std::int64_t slots = 3;    ///< micro-batches in memory, the one in use included
  std::uint64_t memory = 0;  ///< bytes that the loader may take: fewer slots, then threads; 0 = any
  SlotMemoryHook hook;       ///< told of the memory of all slots
};

/// Where training batches come from.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual std::int64_t steps_per_epoch() const noexcept = 0;
  /// Goes to a step, at once: nothing is replayed. Before the first next() and any time later.
  virtual void seek(std::int64_t epoch, std::int64_t step) = 0;
  /// The next micro-batch; after an epoch's last step the next epoch begins. Each step has at least
  /// one micro-batch on every rank, which may be empty. Waits while the caller holds all slots.
  virtual MicroBatch next() = 0;
};

/// Training batches in an order that depends on (data, seed, epoch) alone. Errors of its threads
/// are thrown by next().
class TrainLoader final : public BatchSource {
 public:
  /// @param index, reader must outlive the loader
  /// @throws EnvironmentError with the arithmetic if options.memory is too little
  TrainLoader(const DataIndex& index, const ShardReader& reader, const LoaderOptions& options);
  TrainLoader(const TrainLoader&) = delete;
  TrainLoader& operator=(const TrainLoader&) = delete;
  ~TrainLoader() override;

  std::int64_t steps_per_epoch() const noexcept override;
  void seek(std::int64_t epoch, std::int64_t step) override;
  MicroBatch next() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What a loader may use. Never changes what it gives.
struct LoaderMeans {
  std::int64_t threads = 1;  ///< decoding threads
  std::int64_t slots = 3;    ///< batches in memory, the one in use included
  std::uint64_t memory = 0;  ///< bytes at most: fewer slots, then threads; 0 = any
};

/// The batches of an evaluation plan that one rank owns, in plan order.
class EvaluationLoader {
 public:
  /// @param batches the batches of this rank, each with its number in the plan
  /// @throws EnvironmentError with the arithmetic if means.memory is too little
  EvaluationLoader(const DataIndex& index, const ShardReader& reader, const Transform& transform,
                   std::vector<EvaluationBatch> batches, const LoaderMeans& means);
  EvaluationLoader(const EvaluationLoader&) = delete;
  EvaluationLoader& operator=(const EvaluationLoader&) = delete;
  ~EvaluationLoader();

  /// Nothing after the last batch.
  std::optional<MicroBatch> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace intr
