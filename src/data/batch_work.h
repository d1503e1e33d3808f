// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "encoded_blocks.h"
#include "intr/data/loader.h"

namespace intr {

/// A micro-batch that is to be prepared: everything but the pixels, and what happens to each
/// picture.
struct BatchOrder {
  MicroBatch batch;                  ///< rows, ids, labels, step; the pipeline fills in the rest
  std::vector<TransformPlan> plans;  ///< one a row
  std::vector<std::int64_t> wanted_later;  ///< rows whose bytes will be needed in a while
};

/// A picture on its way into a micro-batch.
struct PictureWork {
  enum class Bytes { kUnread, kReading, kRead };
  Bytes bytes = Bytes::kUnread;
  bool taken = false;                     ///< a thread decodes it, or did
  EncodedBlocks::Block* block = nullptr;  ///< where its bytes are; only if read ahead
  std::size_t begin = 0;                  ///< of them in the block
};

/// A micro-batch in preparation.
struct BatchWork {
  /// Works out sizes, places in the slot and the order of reading.
  BatchWork(BatchOrder what, const DataIndex& index);
  BatchWork() = default;

  BatchOrder order;
  std::vector<PictureWork> pictures;    ///< one a row
  std::vector<std::size_t> read_order;  ///< pictures as they lie in their shards
  std::size_t next_read = 0;            ///< place in read_order
  std::size_t pixel_bytes = 0;          ///< of the whole batch
  std::optional<PixelLease> lease;      ///< a batch without pictures needs none
  std::size_t taken = 0, done = 0;      ///< pictures
  bool dropped = false;                 ///< nobody waits for it any more
  std::exception_ptr failure;           ///< the first one

  bool is_complete() const { return failure != nullptr || done == pictures.size(); }
  bool needs_slot() const { return !lease && pixel_bytes > 0; }
  /// Where a picture belongs in the slot.
  std::span<std::uint8_t> place_of(std::size_t picture) const;
  /// A picture that nobody has taken and nobody is reading, one that was read ahead if there is
  /// one; or nothing.
  std::optional<std::size_t> untaken() const;
};

}  // namespace intr
