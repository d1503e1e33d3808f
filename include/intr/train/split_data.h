// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "intr/comm/communicator.h"
#include "intr/data/data_index.h"
#include "intr/data/shard_reader.h"
#include "intr/data/shard_stage.h"
#include "intr/train/compute_place.h"
#include "intr/train/reading_options.h"

namespace intr {

/// A split of a packed set as one rank reads it, from copies on its node where that was asked for.
class SplitData {
 public:
  /// Rank 0 reads the index and sends it to the others, without paths. Collective.
  /// @param with_paths every rank will ask for many paths: then each reads the index itself
  /// @throws DataError
  SplitData(const std::string& set, const std::string& split, const ReadingOptions& options,
            const ComputePlace& place, Communicator& communicator, bool with_paths = false);

  const DataIndex& index() const noexcept { return index_; }
  const ShardReader& reader() const noexcept { return reader_; }
  /// Makes reads suffer, before anything is read.
  void set_faults(ReadFaults faults) { reader_.set_faults(std::move(faults)); }
  /// For the normal end: removes the copies unless they are kept.
  void finish();

 private:
  DataIndex index_;
  std::unique_ptr<ShardStage> stage_;
  ShardReader reader_;  // uses the others
};

}  // namespace intr
