// SPDX-License-Identifier: Apache-2.0
#include "intr/train/split_data.h"

namespace intr {
namespace {

std::unique_ptr<ShardStage> make_stage(const DataIndex& index, const ReadingOptions& options,
                                       const ComputePlace& place) {
  if (options.stage.empty()) return nullptr;
  return std::make_unique<ShardStage>(
      index, StageOptions{.folder = options.stage,
                          .limit = options.stage_limit_bytes(),
                          .keep = options.stage_keep,
                          .copies = place.local_rank == 0});
}

}  // namespace

SplitData::SplitData(const std::string& set, const std::string& split,
                     const ReadingOptions& options, const ComputePlace& place)
    : index_(DataIndex::open(set, split)),
      stage_(make_stage(index_, options, place)),
      reader_(index_, stage_.get()) {}

void SplitData::finish() {
  if (stage_ != nullptr) stage_->remove();
}

}  // namespace intr
