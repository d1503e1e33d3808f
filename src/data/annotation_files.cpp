// SPDX-License-Identifier: Apache-2.0
#include "intr/data/annotation_files.h"

#include <fmt/format.h>

#include <cmath>

#include "intr/core/csv_reader.h"
#include "intr/core/printable.h"

namespace intr {

namespace {

/// What is larger is no place in a picture; as a float it may not even be a number.
constexpr double kMostPixels = 1e7;

float pixels(const CsvReader& reader, const CsvReader::Row& row, std::size_t column) {
  const double value = csv_number(reader, row, column);
  if (std::abs(value) < kMostPixels) return static_cast<float>(value);
  reader.refuse(row.line,
                fmt::format("'{}' of the column '{}' is no number of pixels",
                            printable(row.fields[column]), printable(reader.header()[column])),
                "give pixels of the stored picture");
}

}  // namespace

std::vector<BoxRow> read_box_file(const std::string& path) {
  CsvReader reader(path);
  const std::size_t name = reader.column("path");
  const std::size_t x = reader.column("x"), y = reader.column("y");
  const std::size_t width = reader.column("width"), height = reader.column("height");
  std::vector<BoxRow> rows;
  while (const auto row = reader.next()) {
    const auto number = [&](std::size_t column) { return pixels(reader, *row, column); };
    rows.push_back(
        {row->line, row->fields[name], number(x), number(y), number(width), number(height)});
    if (rows.back().path.empty()) reader.refuse(row->line, "the path is empty");
    if (rows.back().width < 0 || rows.back().height < 0)
      reader.refuse(row->line,
                    fmt::format("a box of {} x {} pixels", rows.back().width, rows.back().height));
  }
  return rows;
}

std::vector<PartRow> read_part_file(const std::string& path) {
  CsvReader reader(path);
  const std::size_t name = reader.column("path"), part = reader.column("part");
  const std::size_t x = reader.column("x"), y = reader.column("y");
  const std::size_t visible = reader.column("visible");
  std::vector<PartRow> rows;
  while (const auto row = reader.next()) {
    const std::string& seen = row->fields[visible];
    if (seen != "0" && seen != "1")
      reader.refuse(row->line, fmt::format("visible is '{}', neither 0 nor 1", printable(seen)));
    if (row->fields[name].empty() || row->fields[part].empty())
      reader.refuse(row->line, "the path or the part is empty");
    rows.push_back({row->line, row->fields[name], row->fields[part], pixels(reader, *row, x),
                    pixels(reader, *row, y), seen == "1"});
  }
  return rows;
}

}  // namespace intr
