// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace intr {

/// SET/dataset.json: what a packed data set consists of. It is written last, so a folder without it
/// is no data set.
struct Manifest {
  struct Shard {
    std::string file;  ///< below the set's folder
    std::uint64_t bytes = 0;
    std::int64_t num_samples = 0;
    std::string hash;  ///< XXH3-128 of the whole file
    std::string plan_id;
    /// Where the shard's labels are others than the set's: label in the shard -> label in the set.
    std::vector<std::int32_t> label_map = {};
  };
  struct Split {
    std::string name;
    std::int64_t num_samples = 0;
    std::uint64_t bytes = 0;  ///< of all encoded pictures
    std::string index_file;
    std::string index_hash;
    std::vector<Shard> shards;
  };

  std::int64_t generation = 1;
  std::string dataset_id;
  std::vector<std::string> plan_ids;
  std::vector<std::string> classes;  ///< printable, see printable()
  std::vector<Split> splits;
  std::string exif = "ignore";         ///< "ignore" or "apply": see DecodePolicy
  std::string gray16 = "clip";         ///< "clip" or "scale"
  nlohmann::ordered_json options;      ///< those that change bytes
  nlohmann::ordered_json flag_counts;  ///< flag -> samples, over all splits
  std::string creator;
  std::string created;  ///< UTC, ISO 8601

  /// @throws DataError if there is no data set, or one that this program cannot read
  static Manifest read(const std::string& set);
  void write(const std::string& set) const;
  /// @throws DataError naming the splits that there are
  const Split& split(const std::string& set, const std::string& name) const;
};

}  // namespace intr
