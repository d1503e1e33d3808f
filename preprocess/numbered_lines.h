// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace intr {

/// A text file of the CUB-200-2011 layout: each line a number, a space and more fields, the last of
/// which may hold spaces.
class NumberedLines {
 public:
  struct Line {
    std::int64_t number = 0;  ///< of the file, from 1
    std::vector<std::string> fields;
  };

  /// @param fields how many a line has, the first included
  /// @throws DataError naming file and line for a line with fewer fields
  NumberedLines(std::string path, std::size_t fields);

  const std::string& path() const noexcept { return path_; }
  const std::vector<Line>& lines() const noexcept { return lines_; }

  /// A field as a whole number from `low` to `high`. @throws DataError naming file, line and value
  std::int64_t whole(const Line& line, std::size_t field, std::int64_t low,
                     std::int64_t high) const;
  float number(const Line& line, std::size_t field) const;
  [[noreturn]] void refuse(const Line& line, const std::string& what) const;
  /// For what is wrong with the file as a whole.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  std::string path_;
  std::vector<Line> lines_;
};

}  // namespace intr
