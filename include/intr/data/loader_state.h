// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "intr/data/data_index.h"
#include "intr/data/loader.h"

namespace intr {

/// Where a run stands in its data, and all that decides what comes next: equal on every rank,
/// whatever its threads, slots, staging and the number of ranks. It advances when an optimizer step
/// is committed; micro-batches prepared ahead never count.
struct LoaderState {
  std::string order;  ///< OrderKind::identity()
  std::uint64_t seed = 0;
  std::int64_t epoch = 0;
  std::int64_t next_step = 0;  ///< of the epoch
  std::int64_t batch_size = 0;
  std::int64_t num_samples = 0;
  std::string dataset_id;
  std::string split;
  std::string last_batch;  ///< "keep" or "drop"
  std::int64_t bucket_window = 0;
  std::string transform;
  std::string augmentation_version;

  bool operator==(const LoaderState&) const = default;
};

/// The state before the first step.
LoaderState first_state(const DataIndex& index, const LoaderOptions& options);

/// Members as above, in that order.
nlohmann::ordered_json to_json(const LoaderState& state);
/// @param where the file it comes from. @throws DataError naming a missing or wrong member
LoaderState loader_state_from_json(const nlohmann::ordered_json& json, const std::string& where);

/// Where a run goes on, given where it stopped and what its options say now. The order, seed, data
/// and transform must be the same; batch size, window and last batch may change where an epoch
/// begins. The end of an epoch is the beginning of the next.
/// @param saved where it stopped
/// @param now   what first_state() says of the options and the data now
/// @param allow_data_change go on with other data, order or transform, at the next epoch's
/// beginning
/// @param where the checkpoint, for messages
/// @return `now` with the epoch and step to seek
/// @throws EnvironmentError naming old and new of all that may not change
LoaderState resume_state(const LoaderState& saved, LoaderState now, bool allow_data_change,
                         const std::string& where);

}  // namespace intr
