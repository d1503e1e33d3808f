// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace intr {

/// A CSV file (RFC 4180) with a header line: fields may be quoted and then hold separators, line
/// breaks and doubled quotes; lines end with LF or CRLF; a byte-order mark is passed over. UTF-8.
class CsvReader {
 public:
  struct Row {
    std::int64_t line = 0;  ///< of the file, from 1, where the row begins
    std::vector<std::string> fields;
  };

  /// Reads a file and its header line.
  /// @throws DataError naming file and line for text that is no CSV or no UTF-8, or without a
  /// header
  explicit CsvReader(const std::string& path);

  const std::string& path() const noexcept { return path_; }
  const std::vector<std::string>& header() const noexcept { return header_; }
  /// Place of a column, or nothing.
  std::optional<std::size_t> find(const std::string& column) const;
  /// Place of a column. @throws DataError naming the columns that there are
  std::size_t column(const std::string& name) const;
  /// The next row, which has as many fields as the header; nothing at the end. Empty lines are
  /// passed over. @throws DataError naming the line
  std::optional<Row> next();

  /// For what is wrong with a row: @throws DataError naming file and line
  [[noreturn]] void refuse(std::int64_t line, const std::string& what,
                           const std::string& next = "correct the file") const;

 private:
  std::optional<Row> read_row();
  std::string quoted_field();
  std::string plain_field();
  bool at_end() const noexcept { return at_ == text_.size(); }

  std::string path_;
  std::string text_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
  std::vector<std::string> header_;
};

/// A field as a number. @throws DataError naming file, line, column and value
double csv_number(const CsvReader& reader, const CsvReader::Row& row, std::size_t column);

}  // namespace intr
