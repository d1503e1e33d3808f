// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "intr/data/sample_columns.h"
#include "preprocess/pack_plan.h"
#include "preprocess/picture_source.h"
#include "preprocess/reencoding.h"

namespace intr {

/// A picture that cannot be packed.
struct BadFile {
  std::string split;
  std::string path;
  std::string reason;
  std::int64_t offset = -1;  ///< byte of the file where it went wrong; -1: not known
};

/// How pictures are looked at before they are stored.
struct CheckOptions {
  bool decode = true;     ///< decode every picture; else headers alone
  bool skip_bad = false;  ///< leave bad pictures out; else a shard with one is not written
  std::int64_t threads = 1;
  DecodePolicy policy = {};  ///< of the set; with the largest number of pixels
  std::uint64_t max_file = std::uint64_t{256} << 20;  ///< bytes; larger files are bad
  Reencoding reencoding = {};
};

/// A shard that is done, or why it is not.
struct ShardResult {
  SampleColumns columns;
  std::vector<std::uint64_t> length;  ///< stored bytes of each sample
  std::uint64_t data_begin = 0;
  std::uint64_t file_bytes = 0;
  std::string hash;  ///< XXH3-128 of the file
  std::vector<BadFile> bad;
  bool written = false;  ///< false: bad pictures, or nothing left to store
};

/// Says after each file whether to go on: `done` of `all` steps of this shard. Thread-safe.
using ShardProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// Packs one shard: every file is read, hashed and checked, then the shard is laid out whole and
/// filled, then it appears by rename. Pictures that are stored anew wait in memory in between. An
/// exception leaves nothing under the final name.
ShardResult pack_shard(const PictureSource& source, const PackPlan& plan, const PlannedShard& shard,
                       const std::string& set, const CheckOptions& options,
                       const ShardProgress& progress);

/// The result of an earlier run, if its shard is whole and of this plan: such a shard is kept.
/// Pictures that it lacks are looked at again, so that they are reported as before.
/// @param verify also check the hash of every stored picture
std::optional<ShardResult> keep_shard(const PictureSource& source, const PackPlan& plan,
                                      const PlannedShard& shard, const std::string& set,
                                      const CheckOptions& options, bool verify);

/// plan_id of a shard file; nothing if there is no readable shard.
std::optional<std::string> plan_of_shard(const std::string& path);

}  // namespace intr
