// SPDX-License-Identifier: Apache-2.0
#include "intr/train/split_data.h"

#include <optional>
#include <utility>

namespace intr {
namespace {

/// A thousand ranks do not open one file at once.
DataIndex open_index(const std::string& set, const std::string& split, Communicator& communicator) {
  std::optional<DataIndex> own;
  std::string bytes;
  if (communicator.rank() == 0) {
    own = DataIndex::open(set, split);
    if (communicator.world_size() > 1) bytes = own->to_bytes();
  }
  bytes = communicator.broadcast_text(std::move(bytes), 0, {.section = "start"});
  return own ? std::move(*own) : DataIndex::from_bytes(bytes);
}

std::unique_ptr<ShardStage> make_stage(const DataIndex& index, const ReadingOptions& options,
                                       const ComputePlace& place) {
  if (options.stage.empty()) return nullptr;
  return std::make_unique<ShardStage>(index, StageOptions{.folder = options.stage,
                                                          .limit = options.stage_limit_bytes(),
                                                          .keep = options.stage_keep,
                                                          .copies = place.local_rank == 0});
}

}  // namespace

SplitData::SplitData(const std::string& set, const std::string& split,
                     const ReadingOptions& options, const ComputePlace& place,
                     Communicator& communicator, bool with_paths)
    : index_(with_paths ? DataIndex::open(set, split) : open_index(set, split, communicator)),
      stage_(make_stage(index_, options, place)),
      reader_(index_, stage_.get()) {}

void SplitData::finish() {
  if (stage_ != nullptr) stage_->remove();
}

}  // namespace intr
