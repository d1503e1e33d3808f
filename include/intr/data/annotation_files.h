// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace intr {

/// A picture's box, in pixels of the source picture.
struct BoxRow {
  std::int64_t line = 0;  ///< of the file
  std::string path;       ///< PATH below a split folder, or SPLIT/PATH
  float x = 0, y = 0, width = 0, height = 0;
};

/// Where a part of a picture lies, in pixels of the source picture.
struct PartRow {
  std::int64_t line = 0;
  std::string path;
  std::string part;  ///< name
  float x = 0, y = 0;
  bool visible = false;
};

/// Reads a CSV file with the columns path, x, y, width, height. @throws DataError naming file and
/// line
std::vector<BoxRow> read_box_file(const std::string& path);
/// Reads a CSV file with the columns path, part, x, y, visible (0 or 1). @throws DataError
std::vector<PartRow> read_part_file(const std::string& path);

}  // namespace intr
