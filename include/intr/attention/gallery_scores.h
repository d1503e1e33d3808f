// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace intr {

/// A number for each sample of a gallery, from a table.
struct GalleryScore {
  std::string name;
  std::vector<double> values;  ///< NaN where the table has none
};

/// Reads the columns of numbers of a CSV file whose first column, "sample" or "id", holds sample
/// ids. Blank fields and "nan" are no values. A column is one of numbers if its first value is one;
/// other columns are passed over.
/// @param sample_ids of the gallery; the values come in this order
/// @throws DataError naming file and line for a table that is not like this, has a sample twice or
/// none of these
std::vector<GalleryScore> read_gallery_scores(const std::string& path,
                                              std::span<const std::int64_t> sample_ids);

}  // namespace intr
