// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery_scores.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include "intr/core/csv_reader.h"
#include "intr/core/printable.h"

namespace intr {

namespace {

template <class Number>
bool parse(const std::string& text, Number& number) {
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  return error == std::errc() && end == last;
}

bool is_number(const std::string& text) {
  double ignored = 0;
  return parse(text, ignored);
}

bool is_blank(const std::string& text) {
  return text.empty() || text == "nan" || text == "NaN" || text == "NAN";
}

std::int64_t sample_of(const CsvReader& csv, const CsvReader::Row& row) {
  std::int64_t sample = 0;
  if (!parse(row.fields[0], sample))
    csv.refuse(row.line, fmt::format("'{}' is no sample id", printable(row.fields[0])),
               "put the numbers that the gallery shows behind # into the first column");
  return sample;
}

enum class Kind { kUnknown, kNumbers, kText };

}  // namespace

std::vector<GalleryScore> read_gallery_scores(const std::string& path,
                                              std::span<const std::int64_t> sample_ids) {
  CsvReader csv(path);
  if (csv.header()[0] != "sample" && csv.header()[0] != "id")
    csv.refuse(1, fmt::format("the first column is '{}'", printable(csv.header()[0])),
               "put the sample ids first and call their column 'sample' or 'id'");
  std::unordered_map<std::int64_t, std::size_t> place_of;
  for (const std::int64_t id : sample_ids) place_of.emplace(id, place_of.size());
  std::vector<GalleryScore> columns;
  for (const std::string& name : csv.header())
    columns.push_back({printable(name), std::vector(sample_ids.size(), std::nan(""))});
  std::vector<Kind> kinds(columns.size(), Kind::kUnknown);
  std::set<std::int64_t> seen;
  bool found = false;
  while (const std::optional<CsvReader::Row> row = csv.next()) {
    const std::int64_t sample = sample_of(csv, *row);
    if (!seen.insert(sample).second)
      csv.refuse(row->line, fmt::format("sample {} stands there twice", sample));
    const auto place = place_of.find(sample);
    found = found || place != place_of.end();
    for (std::size_t c = 1; c < columns.size(); ++c) {
      const std::string& field = row->fields[c];
      if (is_blank(field)) continue;
      if (kinds[c] == Kind::kUnknown) kinds[c] = is_number(field) ? Kind::kNumbers : Kind::kText;
      if (kinds[c] == Kind::kText) continue;
      const double value = csv_number(csv, *row, c);
      if (place != place_of.end()) columns[c].values[place->second] = value;
    }
  }
  if (!found)
    csv.refuse(1, fmt::format("none of its {} samples is in the gallery", seen.size()),
               "give the table that was made from this dump");
  std::vector<GalleryScore> scores;
  for (std::size_t c = 1; c < columns.size(); ++c)
    if (kinds[c] == Kind::kNumbers) scores.push_back(std::move(columns[c]));
  if (scores.empty()) csv.refuse(1, "no column holds numbers", "add one beside the sample ids");
  return scores;
}

}  // namespace intr
