// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/data/sample_columns.h"
#include "preprocess/shard_job.h"

namespace intr {

/// All samples of one split, after packing.
struct PackedSplit {
  std::string name;
  SampleColumns columns;
  std::vector<std::uint64_t> length;  ///< stored bytes of each sample
};

/// Pictures with equal bytes.
struct DuplicateGroup {
  struct Member {
    std::string split;
    std::string path;
    std::int32_t label = 0;
  };
  std::vector<Member> members;
  bool crosses_splits() const;
  bool crosses_labels() const;
};

/// Finds pictures with equal source bytes and sets their flag `duplicate`.
std::vector<DuplicateGroup> mark_duplicates(std::vector<PackedSplit>& splits);

/// Everything skipped, flagged or odd: SET/pack-report.json, of later generations with their
/// number.
struct PackReport {
  const PackPlan* plan = nullptr;
  const std::vector<PackedSplit>* splits = nullptr;
  std::vector<BadFile> bad;
  std::vector<DuplicateGroup> duplicates;
  std::string dataset_id;
  bool applies_exif = false;    ///< the set's decode policy
  std::int64_t generation = 1;  ///< of the set

  /// Its name in SET.
  std::string file() const;

  nlohmann::ordered_json summary() const;
  nlohmann::ordered_json json() const;
};

/// What was left out of a set as bad, by the report of a generation; empty if there is no report.
/// @throws DataError if it is damaged
std::vector<BadFile> read_bad_files(const std::string& set, std::int64_t generation);

/// Oddities that no flag stands for, as numbers of samples.
struct OddCounts {
  std::int64_t turned = 0;         ///< an EXIF orientation that is not 1
  std::int64_t many_pixels = 0;    ///< more than Pillow takes without a warning
  std::int64_t boxes_outside = 0;  ///< a box that leaves its picture by more than a pixel
};
OddCounts count_oddities(const std::vector<PackedSplit>& splits);

/// flag -> number of samples, over all splits; flags that occur.
nlohmann::ordered_json count_flags(const std::vector<PackedSplit>& splits);

/// One warning for each kind of oddity, with its count, so that none passes unseen.
void warn_of_oddities(const PackReport& report);

}  // namespace intr
