// SPDX-License-Identifier: Apache-2.0
#include "preprocess/set_files.h"

#include <numeric>

#include "intr/core/hash.h"
#include "intr/data/shard_format.h"
#include "intr/data/shard_writer.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

Placement place(const PackedSplit& split, const std::vector<DataIndex::Shard>& shards) {
  Placement placement;
  placement.length = split.length;
  for (std::size_t shard = 0; shard < shards.size(); ++shard) {
    std::uint64_t next = 0;
    for (std::int64_t i = 0; i < shards[shard].num_samples; ++i) {
      placement.begin.push_back(next);
      next += split.length[placement.shard_of.size()];
      placement.shard_of.push_back(static_cast<std::uint32_t>(shard));
    }
  }
  return placement;
}

}  // namespace

Manifest::Split write_split_index(const std::string& set, const PackedSplit& split,
                                  const std::vector<DataIndex::Shard>& shards,
                                  const Manifest& manifest) {
  Manifest::Split entry;
  entry.name = split.name;
  entry.num_samples = split.columns.size();
  entry.bytes = std::accumulate(split.length.begin(), split.length.end(), std::uint64_t{0});
  entry.index_file = shard_format::index_file(split.name, manifest.generation);
  const std::string path = set + "/" + entry.index_file;
  remove_leftovers(path);
  write_index(path, split.name, manifest.dataset_id, manifest.creator, split.columns,
              place(split, shards), shards, manifest.classes);
  entry.index_hash = hash_file(path);
  for (const DataIndex::Shard& shard : shards)
    entry.shards.push_back(
        {shard.file, shard.bytes, shard.num_samples, shard.hash, shard.plan_id, shard.label_map});
  return entry;
}

}  // namespace intr
