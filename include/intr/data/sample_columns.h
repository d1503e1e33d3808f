// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/io/hdf5.h"

namespace intr {

/// What is known of each sample of a shard or a split beside its bytes. All vectors have one entry
/// a sample, unless stated.
struct SampleColumns {
  std::vector<std::uint64_t> sample_id;    ///< place in the split's order; strictly increasing
  std::vector<std::uint64_t> hash;         ///< XXH3-64 of the stored bytes
  std::vector<std::uint64_t> source_hash;  ///< XXH3-64 of the source's bytes
  std::vector<std::int32_t> label;
  std::vector<std::uint32_t> width, height;  ///< pixels
  std::vector<std::uint32_t> flags;          ///< bits of ImageFlag
  std::vector<std::uint8_t> codec, mode, orientation;
  std::vector<std::uint8_t> path;                ///< all paths end to end
  std::vector<std::uint64_t> path_offset = {0};  ///< [N + 1]
  /// Optional annotations: empty, or [N, 4] x, y, width, height in source pixels, NaN = none.
  std::vector<float> box;
  /// Optional: names of P parts, [N, P, 2] x, y, and [N, P].
  std::vector<std::string> part_names;
  std::vector<float> part_xy;
  std::vector<std::uint8_t> part_visible;

  std::int64_t size() const noexcept { return static_cast<std::int64_t>(label.size()); }
  void add_path(const std::string& text);
  std::string path_of(std::int64_t row) const;
  /// Adds the rows of another set of columns. Annotations must be present in both or in neither.
  void append(const SampleColumns& other);

  /// What is wrong about lengths, ids, paths or labels: a sentence, or "" if nothing.
  std::string fault(std::int64_t num_classes) const;
  /// Name of the first column in which row `a` of this and row `b` of `other` differ, or "". The
  /// flag `duplicate`, which only an index knows, is left out; so are paths and source hashes if
  /// this one has none.
  std::string difference(std::int64_t a, const SampleColumns& other, std::int64_t b) const;
  /// Hash of the paths and source hashes of rows [first, last): the columns, annotations apart,
  /// that an index without paths lacks.
  std::string rest_hash(std::int64_t first, std::int64_t last) const;
};

/// Writes the columns and the class names as data sets of schema 1.0.
void write_columns(hdf5::File& file, const SampleColumns& columns,
                   const std::vector<std::string>& classes);
/// Reads them back. @throws DataError if one is missing or their lengths do not fit together
SampleColumns read_columns(const hdf5::File& file, std::int64_t num_classes);

/// Checks `format` and `format_version` of a file of ours: same major version = readable.
/// @throws DataError naming both versions
void require_format(const hdf5::File& file, const char* format);

}  // namespace intr
