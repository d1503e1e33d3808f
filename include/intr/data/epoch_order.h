// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/data/sample_order.h"

namespace intr {

/// How the samples of an epoch follow each other, before they are grouped by size.
struct OrderKind {
  enum class Kind {
    kShuffle,     ///< all samples, permuted
    kWindow,      ///< shards permuted, taken `shards` at a time, the samples of those permuted
    kSequential,  ///< as they are stored
  };
  Kind kind = Kind::kShuffle;
  std::int64_t shards = 0;  ///< read from at a time; kWindow only

  /// "shuffle", "window:K" or "sequential". @throws UsageError
  static OrderKind parse(const std::string& text);
  std::string name() const;
  /// What checkpoints call it: "feistel8-v1", "feistel8-v1 window:K" or "sequential".
  std::string identity() const;
  bool operator==(const OrderKind&) const = default;
};

/// Which row of the index stands at a position of an epoch: a pure function of (data, kind, seed,
/// epoch), any position at once. For one thread at a time.
class EpochOrder {
 public:
  /// @param index must outlive the order
  /// @throws DataError if windows of shards are asked for and the index mixes its shards' samples
  EpochOrder(const DataIndex& index, const OrderKind& kind, std::uint64_t seed);

  /// Turns to an epoch; at most a few steps a shard.
  void begin(std::int64_t epoch);
  /// @param position from 0 to the number of samples - 1, of the epoch that was begun last
  std::int64_t row(std::int64_t position);
  /// Shards in the order in which the epoch first needs them; all at once when it shuffles.
  std::vector<std::int64_t> shards() const;

 private:
  void begin_windows();
  std::int64_t row_in_window(std::int64_t position);

  const DataIndex* index_;
  OrderKind kind_;
  std::uint64_t seed_;
  std::uint64_t epoch_ = 0;
  std::optional<SampleOrder> all_;  ///< kShuffle
  // kWindow: shards and windows in the epoch's order, with the positions where they begin.
  std::vector<std::int64_t> first_row_;  ///< of each shard of the index
  std::vector<std::int64_t> shards_, shard_begin_, window_begin_;
  std::optional<SampleOrder> inside_;  ///< of the window used last
  std::int64_t inside_window_ = -1;
};

}  // namespace intr
