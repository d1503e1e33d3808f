// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "preprocess/rank_team.h"

namespace intr {

enum class VerifyLevel {
  kQuick,   ///< structure, sizes, columns
  kHash,    ///< and every stored byte
  kDecode,  ///< and every picture
};

/// One damaged place.
struct Damage {
  std::string file;
  std::string what;
  std::int64_t sample_id = -1;  ///< -1: no sample in particular
  std::string path;
  std::uint64_t begin = 0;  ///< bytes of the file; both 0: none in particular
  std::uint64_t end = 0;

  std::string text() const;
  nlohmann::ordered_json json() const;
};

struct VerifyResult {
  std::int64_t samples = 0;
  std::int64_t shards = 0;
  bool stopped = false;  ///< on request; not everything was looked at
  std::vector<Damage> damages;
};

struct VerifyOptions {
  VerifyLevel level = VerifyLevel::kHash;
  std::int64_t threads = 1;
  /// Called after each shard that this rank checked, with its number of samples.
  std::function<void(std::int64_t)> advance = [](std::int64_t) {};
  std::function<bool()> stop_requested = [] { return false; };
};

/// Checks every split of a packed set; the ranks divide its shards. Goes on after damage, so that
/// all of it is found. Collective. @return the whole result on rank 0; what it is on others means
/// nothing
/// @throws DataError if there is no manifest to check against
VerifyResult verify_set(const std::string& set, const VerifyOptions& options, RankTeam& team);

}  // namespace intr
