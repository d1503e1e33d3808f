// SPDX-License-Identifier: Apache-2.0
#include "intr/core/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string_view>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/core/utf8.h"

namespace intr {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw DataError("cannot be opened", printable(path), "check the path and its permissions");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

CsvReader::CsvReader(const std::string& path) : path_(path), text_(text_of(path)) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  for (std::size_t i = 0, line = 1; i < text_.size();) {
    const std::size_t length = decode_utf8(text_, i).length;
    if (length == 0)
      refuse(static_cast<std::int64_t>(line), "is no UTF-8", "save the file as UTF-8");
    if (text_[i] == '\n') ++line;
    i += length;
  }
  if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  std::optional<Row> row = read_row();
  if (!row) refuse(1, "the file is empty: a header line is missing");
  header_ = std::move(row->fields);
  for (std::size_t i = 0; i < header_.size(); ++i)
    if (std::count(header_.begin(), header_.end(), header_[i]) > 1)
      refuse(row->line, fmt::format("the column '{}' stands there twice", printable(header_[i])));
}

void CsvReader::refuse(std::int64_t line, const std::string& what, const std::string& next) const {
  throw DataError(fmt::format("line {}: {}", line, what), printable(path_), next);
}

std::optional<std::size_t> CsvReader::find(const std::string& column) const {
  const auto found = std::find(header_.begin(), header_.end(), column);
  if (found == header_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header_.begin());
}

std::size_t CsvReader::column(const std::string& name) const {
  if (const auto found = find(name)) return *found;
  std::vector<std::string> names;
  for (const std::string& column : header_) names.push_back(printable(column));
  refuse(1, fmt::format("there is no column '{}', only: {}", name, fmt::join(names, ", ")));
}

std::optional<CsvReader::Row> CsvReader::next() {
  std::optional<Row> row = read_row();
  if (row && row->fields.size() != header_.size())
    refuse(row->line,
           fmt::format("{} fields, the header has {}", row->fields.size(), header_.size()));
  return row;
}

std::optional<CsvReader::Row> CsvReader::read_row() {
  while (!at_end() && (text_[at_] == '\n' || text_.compare(at_, 2, "\r\n") == 0)) {
    at_ += text_[at_] == '\n' ? 1u : 2u;
    ++line_;
  }
  if (at_end()) return std::nullopt;
  Row row{line_, {}};
  for (;;) {
    row.fields.push_back(!at_end() && text_[at_] == '"' ? quoted_field() : plain_field());
    if (at_end()) return row;
    if (text_[at_] == ',') {
      ++at_;
      continue;
    }
    at_ += text_[at_] == '\n' ? 1u : 2u;
    ++line_;
    return row;
  }
}

std::string CsvReader::quoted_field() {
  const std::int64_t first_line = line_;
  std::string field;
  for (++at_;; ++at_) {
    if (at_end()) refuse(first_line, "a quote is never closed");
    if (text_[at_] == '\n') ++line_;
    if (text_[at_] != '"') {
      field += text_[at_];
      continue;
    }
    if (text_.compare(at_, 2, "\"\"") == 0) {
      field += '"';
      ++at_;
      continue;
    }
    ++at_;
    if (at_end() || text_[at_] == ',' || text_[at_] == '\n' || text_.compare(at_, 2, "\r\n") == 0)
      return field;
    refuse(line_, "text behind a closed quote");
  }
}

std::string CsvReader::plain_field() {
  const std::size_t start = at_;
  while (!at_end() && text_[at_] != ',' && text_[at_] != '\n' &&
         text_.compare(at_, 2, "\r\n") != 0) {
    if (text_[at_] == '"') refuse(line_, "a quote within a field that is not quoted");
    ++at_;
  }
  return text_.substr(start, at_ - start);
}

double csv_number(const CsvReader& reader, const CsvReader::Row& row, std::size_t column) {
  const std::string& text = row.fields.at(column);
  double value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last || !std::isfinite(value))
    reader.refuse(row.line, fmt::format("'{}' of the column '{}' is no number", printable(text),
                                        printable(reader.header().at(column))));
  return value;
}

}  // namespace intr
