// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
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
  };

  /// Reads SET/dataset.json and the split's index file, and checks them against each other.
  /// @throws DataError naming the file, what is wrong and what to do
  static DataIndex open(const std::string& set, const std::string& split);

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
  std::int64_t shard_of(std::int64_t row) const { return shard_of_[at(row)]; }
  /// Byte in the shard's /data.
  std::uint64_t begin(std::int64_t row) const { return begin_[at(row)]; }
  std::uint64_t length(std::int64_t row) const { return length_[at(row)]; }  ///< bytes
  /// Path below the split folder, raw bytes.
  std::string path(std::int64_t row) const { return columns_.path_of(row); }
  /// Row of a sample id, or -1.
  std::int64_t find(std::int64_t sample_id) const;
  /// Everything that is known of the samples, annotations included.
  const SampleColumns& columns() const noexcept { return columns_; }

 private:
  void read_shards(const hdf5::File& file, const Manifest::Split& expected);
  void check_placement(const std::string& path) const;
  static std::size_t at(std::int64_t row) { return static_cast<std::size_t>(row); }
  std::string set_, split_, dataset_id_;
  std::vector<std::string> classes_;
  DecodePolicy decode_policy_;
  std::vector<Shard> shards_;
  SampleColumns columns_;
  std::vector<std::uint32_t> shard_of_;
  std::vector<std::uint64_t> begin_, length_;
};

}  // namespace intr
