// SPDX-License-Identifier: Apache-2.0
#include "intr/data/data_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/data/shard_format.h"
#include "intr/io/hdf5.h"

namespace intr {
namespace {

constexpr const char* kCopyAgain =
    "the set is damaged or mixed from two: copy it again, or pack again";

void require_same(const std::string& path, const char* what, const std::string& found,
                  const std::string& expected) {
  if (found == expected) return;
  throw DataError(
      fmt::format("its {} is {}, {} says {}", what, found, shard_format::kManifestFile, expected),
      path, kCopyAgain);
}

}  // namespace

DataIndex DataIndex::open(const std::string& set, const std::string& split) {
  const Manifest manifest = Manifest::read(set);
  const Manifest::Split& expected = manifest.split(set, split);
  DataIndex index;
  index.set_ = set;
  index.split_ = split;
  index.dataset_id_ = manifest.dataset_id;
  index.classes_ = manifest.classes;
  // Packing has decided which sizes are fine; the columns state them.
  index.decode_policy_ = {manifest.exif == "apply", manifest.gray16 == "scale",
                          std::numeric_limits<std::int64_t>::max()};
  const std::string path = set + "/" + expected.index_file;
  const hdf5::File file = hdf5::File::open(path);
  require_format(file, shard_format::kIndexFormat);
  require_same(path, "hash", hash_file(path), expected.index_hash);
  require_same(path, "split", file.text("/", "split"), split);
  require_same(path, "data set", file.text("/", "dataset_id"), manifest.dataset_id);
  index.columns_ = read_columns(file, std::ssize(index.classes_));
  require_same(path, "number of samples", fmt::format("{}", index.size()),
               fmt::format("{}", expected.num_samples));
  index.shard_of_ = file.read<std::uint32_t>("/shard_of");
  index.begin_ = file.read<std::uint64_t>("/begin");
  index.length_ = file.read<std::uint64_t>("/length");
  index.read_shards(file, expected);
  index.check_placement(path);
  return index;
}

void DataIndex::read_shards(const hdf5::File& file, const Manifest::Split& expected) {
  const auto names = file.read_strings("/shard/file");
  const auto first_sample = file.read<std::uint64_t>("/shard/first_sample");
  const bool knows_begin = file.exists("/shard/data_begin");
  const auto data_begin = knows_begin ? file.read<std::uint64_t>("/shard/data_begin")
                                      : std::vector<std::uint64_t>(names.size());
  if (names.size() != expected.shards.size() || first_sample.size() != names.size() ||
      data_begin.size() != names.size()) {
    throw DataError(fmt::format("it lists {} shards, {} lists {}", names.size(),
                                shard_format::kManifestFile, expected.shards.size()),
                    file.path(), kCopyAgain);
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Manifest::Shard& shard = expected.shards[i];
    require_same(file.path(), "shard", names[i], shard.file);
    shards_.push_back({shard.file, shard.bytes, shard.num_samples, shard.hash, shard.plan_id,
                       static_cast<std::int64_t>(first_sample[i]), data_begin[i]});
  }
}

void DataIndex::check_placement(const std::string& path) const {
  const auto n = static_cast<std::size_t>(size());
  const auto refuse = [&](const std::string& what) { throw DataError(what, path, kCopyAgain); };
  if (shard_of_.size() != n || begin_.size() != n || length_.size() != n)
    refuse("its columns have different lengths");
  std::vector<std::int64_t> counts(shards_.size(), 0);
  for (std::size_t i = 0; i < n; ++i) {
    if (shard_of_[i] >= shards_.size())
      refuse(fmt::format("sample {} is said to lie in shard {} of {}", columns_.sample_id[i],
                         shard_of_[i], shards_.size()));
    const std::uint64_t limit = shards_[shard_of_[i]].bytes;
    if (length_[i] == 0 || length_[i] > limit || begin_[i] > limit - length_[i])
      refuse(fmt::format("bytes {} to {} of sample {} lie outside of its shard", begin_[i],
                         begin_[i] + length_[i], columns_.sample_id[i]));
    ++counts[shard_of_[i]];
  }
  for (std::size_t shard = 0; shard < counts.size(); ++shard) {
    if (counts[shard] != shards_[shard].num_samples)
      refuse(fmt::format("it has {} samples of {}, {} says {}", counts[shard], shards_[shard].file,
                         shard_format::kManifestFile, shards_[shard].num_samples));
  }
}

std::int64_t DataIndex::find(std::int64_t sample_id) const {
  const auto& ids = columns_.sample_id;
  const auto wanted = static_cast<std::uint64_t>(sample_id);
  const auto found = std::lower_bound(ids.begin(), ids.end(), wanted);
  return sample_id >= 0 && found != ids.end() && *found == wanted ? found - ids.begin() : -1;
}

}  // namespace intr
