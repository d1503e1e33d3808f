// SPDX-License-Identifier: Apache-2.0
#include "intr/data/annotation_files.h"

#include <fmt/format.h>

#include "intr/core/csv_reader.h"
#include "intr/core/printable.h"

namespace intr {

std::vector<BoxRow> read_box_file(const std::string& path) {
  CsvReader reader(path);
  const std::size_t name = reader.column("path");
  const std::size_t x = reader.column("x"), y = reader.column("y");
  const std::size_t width = reader.column("width"), height = reader.column("height");
  std::vector<BoxRow> rows;
  while (const auto row = reader.next()) {
    const auto number = [&](std::size_t column) {
      return static_cast<float>(csv_number(reader, *row, column));
    };
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
    rows.push_back({row->line, row->fields[name], row->fields[part],
                    static_cast<float>(csv_number(reader, *row, x)),
                    static_cast<float>(csv_number(reader, *row, y)), seen == "1"});
  }
  return rows;
}

}  // namespace intr
