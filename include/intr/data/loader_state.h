// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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

/// A field of a run that is not what a checkpoint says.
struct FieldChange {
  std::string field;
  nlohmann::ordered_json there, here;
  std::string name;  ///< of the change, for `--allow-change`; empty: it may never be made
};

/// What differs beside the place.
std::vector<FieldChange> changes_between(const LoaderState& saved, const LoaderState& now);

/// Where a run goes on, given where it stopped and what its options say now, whose changes are
/// allowed. The end of an epoch is the beginning of the next. Where an epoch begins everything may
/// change. Inside an epoch the run goes on where it stopped if what was used and what is left are
/// the same samples under both: order, seed and data are the same, and the place ends a bucket
/// window of both. Otherwise it goes on with the next epoch. So no sample is used twice in one.
/// @return `now` with the epoch and step to seek
LoaderState resume_state(const LoaderState& saved, LoaderState now);

}  // namespace intr
