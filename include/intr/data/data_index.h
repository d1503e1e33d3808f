// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/image/image.h"

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
  };

  /// Reads SET/dataset.json and the split's index file, and checks them against each other.
  /// @throws DataError naming the file, what is wrong and what to do
  static DataIndex open(const std::string& set, const std::string& split);

  const std::string& set() const noexcept { return set_; }
  const std::string& split() const noexcept { return split_; }
  const std::string& dataset_id() const noexcept { return dataset_id_; }
  const std::vector<std::string>& classes() const noexcept { return classes_; }
  const std::vector<Shard>& shards() const noexcept { return shards_; }

  std::int64_t size() const noexcept { return static_cast<std::int64_t>(label_.size()); }
  std::int64_t sample_id(std::int64_t row) const {
    return static_cast<std::int64_t>(sample_id_[at(row)]);
  }
  std::int64_t label(std::int64_t row) const { return label_[at(row)]; }
  ImageSize image_size(std::int64_t row) const { return {height_[at(row)], width_[at(row)]}; }
  std::uint64_t hash(std::int64_t row) const { return hash_[at(row)]; }
  std::uint8_t orientation(std::int64_t row) const { return orientation_[at(row)]; }
  std::uint32_t flags(std::int64_t row) const { return flags_[at(row)]; }
  std::uint8_t codec(std::int64_t row) const { return codec_[at(row)]; }
  std::uint8_t mode(std::int64_t row) const { return mode_[at(row)]; }
  std::int64_t shard_of(std::int64_t row) const { return shard_of_[at(row)]; }
  std::uint64_t begin(std::int64_t row) const {
    return begin_[at(row)];
  }  ///< byte in the shard's /data
  std::uint64_t length(std::int64_t row) const { return length_[at(row)]; }  ///< bytes
  /// Path below the split folder, raw bytes.
  std::string path(std::int64_t row) const;
  /// Row of a sample id, or -1.
  std::int64_t find(std::int64_t sample_id) const;

 private:
  static std::size_t at(std::int64_t row) { return static_cast<std::size_t>(row); }
  std::string set_, split_, dataset_id_;
  std::vector<std::string> classes_;
  std::vector<Shard> shards_;
  std::vector<std::uint64_t> sample_id_, hash_, begin_, length_, path_offset_;
  std::vector<std::int32_t> label_;
  std::vector<std::uint32_t> width_, height_, flags_, shard_of_;
  std::vector<std::uint8_t> orientation_, codec_, mode_, path_;
};

}  // namespace intr
