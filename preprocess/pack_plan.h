// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "preprocess/picture_source.h"

namespace intr {

/// One shard to be written: consecutive files of one split.
struct PlannedShard {
  std::size_t split = 0;    ///< in the listing
  std::int64_t number = 0;  ///< within the split
  std::int64_t of = 1;      ///< shards of the split
  std::size_t first = 0;    ///< files [first, last) of the split
  std::size_t last = 0;
  std::uint64_t bytes = 0;  ///< of the sources
  std::string file;         ///< name in the set
};

/// What a packing consists of: a pure function of the files found and the options that change
/// bytes, known before a picture is read. Ranks divide its shards.
struct PackPlan {
  Listing listing;
  std::vector<PlannedShard> shards;
  std::string options_json;  ///< options that change bytes
  std::string plan_id;

  std::int64_t num_files(const PlannedShard& shard) const {
    return static_cast<std::int64_t>(shard.last - shard.first);
  }
  const SourceFile& file(const PlannedShard& shard, std::int64_t i) const {
    return listing.splits[shard.split].files[shard.first + static_cast<std::size_t>(i)];
  }
  const std::string& split_name(const PlannedShard& shard) const {
    return listing.splits[shard.split].name;
  }
  std::vector<std::string> printable_classes() const;
};

/// Consecutive files fill a shard until the next would exceed `shard_size` bytes.
PackPlan make_plan(Listing listing, std::uint64_t shard_size, std::string options_json);

/// SET/.pack-plan: what an unfinished packing was doing.
struct PlanFile {
  std::string plan_id;
  std::string options_json;
  std::string source;
  /// Modification times, by printable SPLIT/path.
  std::map<std::string, std::int64_t> mtime_ns;
  std::map<std::string, std::uint64_t> size;
};
void write_plan_file(const std::string& path, const PackPlan& plan, const std::string& source);
/// @throws DataError if it is damaged
PlanFile read_plan_file(const std::string& path);
/// The first thing in which a plan and an older plan file differ, for a message.
std::string plan_difference(const PackPlan& plan, const PlanFile& old);

}  // namespace intr
