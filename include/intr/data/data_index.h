// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intr/data/manifest.h"
#include "intr/data/sample_columns.h"
#include "intr/image/decode.h"

namespace intr {

/// All that is known of one split without touching a shard: manifest and index of a packed data
/// set. Immutable; rows are in sample-id order, from 0 to size() - 1.
class DataIndex {
 public:
  struct Shard {
    std::string file;  ///< below the set's folder
    std::uint64_t bytes = 0;
    std::int64_t num_samples = 0;
    std::string hash;  ///< XXH3-128 of the whole file
    std::string plan_id;
    std::int64_t first_sample = 0;  ///< id of the first sample that was planned for it
    std::uint64_t data_begin = 0;   ///< byte of the file where /data began when it was packed
    /// Label in the shard -> label in the set; empty: they are equal.
    std::vector<std::int32_t> label_map = {};
    std::uint64_t data_bytes = 0;  ///< of /data; read from an index, not written to one
  };

  /// Reads SET/dataset.json and the split's index file, and checks them against each other.
  /// @throws DataError naming the file, what is wrong and what to do
  static DataIndex open(const std::string& set, const std::string& split);
  /// The same from an index file that lies in memory. @throws DataError
  static DataIndex parse(const std::string& set, const Manifest& manifest, const std::string& split,
                         std::span<const std::byte> index_file);

  /// What other ranks need of this index, about 43 bytes a sample: everything but paths, source
  /// hashes and annotations. For processes of one build on machines of one kind.
  std::string to_bytes() const;
  /// The index that to_bytes() was called on. It answers all questions but columns(), and looks a
  /// path up in the index file when it is asked for one, which is meant for messages.
  /// @throws InternalError if these are no such bytes
  static DataIndex from_bytes(std::string_view bytes);

  const std::string& set() const noexcept { return set_; }
  const std::string& split() const noexcept { return split_; }
  const std::string& dataset_id() const noexcept { return dataset_id_; }
  const std::vector<std::string>& classes() const noexcept { return classes_; }
  const std::vector<Shard>& shards() const noexcept { return shards_; }

  std::int64_t size() const noexcept { return columns_.size(); }
  std::int64_t sample_id(std::int64_t row) const {
    return static_cast<std::int64_t>(columns_.sample_id[at(row)]);
  }
  std::int64_t label(std::int64_t row) const { return columns_.label[at(row)]; }
  /// How the set wants its pictures decoded.
  const DecodePolicy& decode_policy() const noexcept { return decode_policy_; }
  /// Size after decoding with decode_policy(): an applied EXIF orientation of 5 to 8 has swapped
  /// the sides that the columns state. Those of a TIFF picture are turned already.
  ImageSize image_size(std::int64_t row) const {
    const ImageSize stored{columns_.height[at(row)], columns_.width[at(row)]};
    const std::uint8_t turned = columns_.orientation[at(row)];
    const bool done = (columns_.flags[at(row)] & kOrientationApplied) != 0;
    const bool swapped = decode_policy_.apply_exif && !done && turned >= 5 && turned <= 8;
    return swapped ? ImageSize{stored.width, stored.height} : stored;
  }
  std::uint64_t hash(std::int64_t row) const { return columns_.hash[at(row)]; }
  std::uint8_t orientation(std::int64_t row) const { return columns_.orientation[at(row)]; }
  std::uint32_t flags(std::int64_t row) const { return columns_.flags[at(row)]; }
  std::uint8_t codec(std::int64_t row) const { return columns_.codec[at(row)]; }
  std::uint8_t mode(std::int64_t row) const { return columns_.mode[at(row)]; }
  std::int64_t shard_of(std::int64_t row) const {
    return std::upper_bound(first_row_.begin(), first_row_.end(), row) - first_row_.begin() - 1;
  }
  /// The rows of a shard are [first_row(shard), first_row(shard + 1)).
  std::int64_t first_row(std::int64_t shard) const { return first_row_[at(shard)]; }
  /// Byte in the shard's /data.
  std::uint64_t begin(std::int64_t row) const { return begin_[at(row)]; }
  std::uint64_t length(std::int64_t row) const {  ///< bytes
    const std::int64_t shard = shard_of(row);
    const bool last = row + 1 == first_row(shard + 1);
    return (last ? shards_[at(shard)].data_bytes : begin_[at(row + 1)]) - begin_[at(row)];
  }
  /// Path below the split folder, raw bytes.
  std::string path(std::int64_t row) const;
  /// False if the columns that to_bytes() leaves out are not there.
  bool has_all_columns() const noexcept { return columns_.path_offset.size() > begin_.size(); }
  /// Hash of the columns of a shard's rows that to_bytes() leaves out, as check_shard() needs it.
  std::string rest_hash(std::int64_t shard) const;
  /// Row of a sample id, or -1.
  std::int64_t find(std::int64_t sample_id) const;
  /// Everything that is known of the samples, annotations included; only if has_all_columns().
  const SampleColumns& columns() const noexcept { return columns_; }

 private:
  static DataIndex read(const hdf5::File& file, const std::string& set, const Manifest& manifest,
                        const Manifest::Split& expected);
  void read_shards(const hdf5::File& file, const Manifest::Split& expected);
  void place_rows(const hdf5::File& file);
  static std::size_t at(std::int64_t row) { return static_cast<std::size_t>(row); }
  std::string set_, split_, dataset_id_, index_file_;
  std::vector<std::string> classes_;
  DecodePolicy decode_policy_;
  std::vector<Shard> shards_;
  std::vector<std::string> rest_hashes_;  ///< of each shard, if the columns are not there
  std::vector<std::int64_t> first_row_;   ///< of each shard, and the number of rows
  SampleColumns columns_;
  std::vector<std::uint64_t> begin_;
};

}  // namespace intr
