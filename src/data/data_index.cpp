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
  const std::string path = set + "/" + expected.index_file;
  const hdf5::File file = hdf5::File::open(path);
  require_format(file, shard_format::kIndexFormat);
  require_same(path, "hash", hash_file(path), expected.index_hash);
  return read(file, set, manifest, expected);
}

DataIndex DataIndex::parse(const std::string& set, const Manifest& manifest,
                           const std::string& split, std::span<const std::byte> index_file) {
  const Manifest::Split& expected = manifest.split(set, split);
  const std::string path = set + "/" + expected.index_file;
  const hdf5::File file = hdf5::File::open_memory(index_file, path);
  require_format(file, shard_format::kIndexFormat);
  require_same(path, "hash", Hash128().add(index_file).hex(), expected.index_hash);
  return read(file, set, manifest, expected);
}

DataIndex DataIndex::read(const hdf5::File& file, const std::string& set, const Manifest& manifest,
                          const Manifest::Split& expected) {
  DataIndex index;
  index.set_ = set;
  index.split_ = expected.name;
  index.dataset_id_ = manifest.dataset_id;
  index.index_file_ = expected.index_file;
  index.classes_ = manifest.classes;
  // Packing has decided which sizes are fine; the columns state them.
  index.decode_policy_ = {manifest.exif == "apply", manifest.gray16 == "scale",
                          std::numeric_limits<std::int64_t>::max()};
  const std::string& path = file.path();
  if (!file.has_attribute("/", "complete") || file.number<std::uint8_t>("/", "complete") != 1)
    throw DataError("it was never completed", path, kCopyAgain);
  require_same(path, "split", file.text("/", "split"), expected.name);
  require_same(path, "data set", file.text("/", "dataset_id"), manifest.dataset_id);
  index.columns_ = read_columns(file, std::ssize(index.classes_));
  require_same(path, "number of samples", fmt::format("{}", index.size()),
               fmt::format("{}", expected.num_samples));
  index.read_shards(file, expected);
  index.place_rows(file);
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
                       static_cast<std::int64_t>(first_sample[i]), data_begin[i], shard.label_map});
  }
}

/// The rows of a shard follow each other, as its pictures do in /data.
void DataIndex::place_rows(const hdf5::File& file) {
  const auto shard_of = file.read<std::uint32_t>("/shard_of");
  const auto length = file.read<std::uint64_t>("/length");
  begin_ = file.read<std::uint64_t>("/begin");
  const auto n = static_cast<std::size_t>(size());
  const auto refuse = [&](const std::string& what) {
    throw DataError(what, file.path(), kCopyAgain);
  };
  if (shard_of.size() != n || begin_.size() != n || length.size() != n)
    refuse("its columns have different lengths");
  first_row_ = {0};
  for (std::size_t row = 0; row < n; ++row) {
    const std::size_t shard = shard_of[row];
    if (shard >= shards_.size())
      refuse(fmt::format("sample {} is said to lie in shard {} of {}", columns_.sample_id[row],
                         shard, shards_.size()));
    while (first_row_.size() <= shard) first_row_.push_back(static_cast<std::int64_t>(row));
    if (shard + 1 < first_row_.size())
      refuse(fmt::format("sample {} does not stand with the others of its shard",
                         columns_.sample_id[row]));
    const bool first = first_row_.back() == static_cast<std::int64_t>(row);
    const std::uint64_t limit = shards_[shard].bytes;
    if (length[row] == 0 || length[row] > limit || begin_[row] > limit - length[row] ||
        begin_[row] != (first ? 0 : begin_[row - 1] + length[row - 1]))
      refuse(
          fmt::format("bytes {} to {} of sample {} lie outside of its shard, or not behind "
                      "those of the sample before",
                      begin_[row], begin_[row] + length[row], columns_.sample_id[row]));
    shards_[shard].data_bytes = begin_[row] + length[row];
  }
  while (first_row_.size() <= shards_.size()) first_row_.push_back(static_cast<std::int64_t>(n));
  for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
    const std::int64_t count = first_row_[shard + 1] - first_row_[shard];
    if (count != shards_[shard].num_samples)
      refuse(fmt::format("it has {} samples of {}, {} says {}", count, shards_[shard].file,
                         shard_format::kManifestFile, shards_[shard].num_samples));
  }
}

std::string DataIndex::path(std::int64_t row) const {
  if (has_all_columns()) return columns_.path_of(row);
  try {
    const hdf5::File file = hdf5::File::open(set_ + "/" + index_file_);
    std::vector<std::uint64_t> place(2);
    file.read_range("/path_offset", at(row), std::span<std::uint64_t>(place));
    constexpr std::uint64_t kLongest = 1 << 16;
    if (place[1] < place[0] || place[1] - place[0] > kLongest) return "unknown path";
    std::string path(place[1] - place[0], '\0');
    file.read_range("/path", place[0],
                    std::span<std::byte>(reinterpret_cast<std::byte*>(path.data()), path.size()));
    return path;
  } catch (const Error&) {  // the message that wants the path matters more
    return "unknown path";
  }
}

std::string DataIndex::rest_hash(std::int64_t shard) const {
  if (!has_all_columns()) return rest_hashes_[at(shard)];
  return columns_.rest_hash(first_row(shard), first_row(shard + 1));
}

std::int64_t DataIndex::find(std::int64_t sample_id) const {
  const auto& ids = columns_.sample_id;
  const auto wanted = static_cast<std::uint64_t>(sample_id);
  const auto found = std::lower_bound(ids.begin(), ids.end(), wanted);
  return sample_id >= 0 && found != ids.end() && *found == wanted ? found - ids.begin() : -1;
}

}  // namespace intr
