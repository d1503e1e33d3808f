// SPDX-License-Identifier: Apache-2.0
#include "preprocess/csv_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "intr/core/csv_reader.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "preprocess/split_names.h"

namespace intr {
namespace {

using Row = CsvReader::Row;

constexpr std::array<const char*, 4> kBoxColumns = {"box_x", "box_y", "box_width", "box_height"};

bool is_decimal(const std::string& text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Class names in order of their labels: by value if all are whole numbers, else by code point.
std::vector<std::string> sorted_names(const std::set<std::string>& names) {
  std::vector<std::string> sorted(names.begin(), names.end());
  std::sort(sorted.begin(), sorted.end(), code_point_less);
  if (std::all_of(sorted.begin(), sorted.end(), is_decimal))
    std::stable_sort(sorted.begin(), sorted.end(), [](const std::string& a, const std::string& b) {
      return std::stoll(a) < std::stoll(b);
    });
  return sorted;
}

/// A row that is understood.
struct Listed {
  std::int64_t line = 0;
  std::string split;
  std::string label;
  SourceFile file;
};

/// Reads the rows of one file.
class ManifestRows {
 public:
  ManifestRows(const std::string& path, const std::string& root, const std::string& split)
      : reader_(path),
        anywhere_(root == "/"),
        split_(split),
        path_column_(reader_.column("path")),
        label_column_(reader_.column("label")),
        split_column_(reader_.find("split")) {
    if (split_column_ && !split.empty())
      throw UsageError("the file has a column 'split' of its own", "--split", "leave it out");
    if (!split_column_ && split.empty())
      throw UsageError(fmt::format("{} has no column 'split'", printable(path)), {},
                       "say which split it is with --split NAME");
    std::size_t boxes = 0;
    for (const char* column : kBoxColumns) boxes += reader_.find(column) ? 1u : 0u;
    if (boxes != 0 && boxes != kBoxColumns.size())
      reader_.refuse(
          1, fmt::format("a box needs all of the columns {}", fmt::join(kBoxColumns, ", ")));
    has_boxes_ = boxes > 0;
  }

  std::vector<Listed> read() {
    std::vector<Listed> rows;
    while (const auto row = reader_.next()) rows.push_back(read_row(*row));
    if (rows.empty()) reader_.refuse(1, "lists no picture");
    return rows;
  }

  bool has_boxes() const noexcept { return has_boxes_; }

  /// Columns that mean nothing here.
  std::vector<std::string> ignored() const {
    std::vector<std::string> names;
    for (const std::string& name : reader_.header()) {
      const bool known =
          name == "path" || name == "label" || name == "split" ||
          std::find(kBoxColumns.begin(), kBoxColumns.end(), name) != kBoxColumns.end();
      if (!known) names.push_back(name);
    }
    return names;
  }

 private:
  Listed read_row(const Row& row) {
    Listed listed{row.line, split_, row.fields[label_column_], {}};
    if (split_column_) listed.split = row.fields[*split_column_];
    if (!is_split_name(listed.split))
      reader_.refuse(row.line, fmt::format("'{}' is no split name", printable(listed.split)),
                     "use letters, digits, '_' and '-'");
    if (listed.label.empty()) reader_.refuse(row.line, "the label is empty");
    listed.file.path = checked_path(row);
    const auto [first, fresh] =
        line_of_.emplace(std::pair(listed.split, listed.file.path), row.line);
    if (!fresh)
      reader_.refuse(row.line, fmt::format("the picture of line {} again: {}", first->second,
                                           printable(listed.file.path)));
    if (has_boxes_) read_box(row, listed.file.annotations);
    return listed;
  }

  /// Below the root; of an absolute path without its first '/'.
  std::string checked_path(const Row& row) const {
    std::string path = row.fields[path_column_];
    if (path.empty()) reader_.refuse(row.line, "the path is empty");
    const std::filesystem::path parts(path);
    const bool climbs = std::find(parts.begin(), parts.end(), "..") != parts.end();
    if ((climbs || parts.is_absolute()) && !anywhere_)
      reader_.refuse(row.line, fmt::format("'{}' leads out of the folder", printable(path)),
                     "write paths below it, or allow any with --root /");
    if (path.find('\0') != std::string::npos)
      reader_.refuse(row.line, "the path holds a zero byte");
    return parts.is_absolute() ? path.substr(path.find_first_not_of('/')) : path;
  }

  void read_box(const Row& row, Annotations& annotations) const {
    std::size_t empty = 0;
    for (const char* column : kBoxColumns)
      empty += row.fields[*reader_.find(column)].empty() ? 1u : 0u;
    if (empty == kBoxColumns.size()) return;  // a picture without a box
    for (std::size_t i = 0; i < kBoxColumns.size(); ++i)
      annotations.box[i] =
          static_cast<float>(csv_number(reader_, row, *reader_.find(kBoxColumns[i])));
  }

  CsvReader reader_;
  bool anywhere_;
  std::string split_;
  std::size_t path_column_, label_column_;
  std::optional<std::size_t> split_column_;
  bool has_boxes_ = false;
  std::map<std::pair<std::string, std::string>, std::int64_t> line_of_;
};

}  // namespace

CsvManifest::CsvManifest(std::string path, SourceRules rules, std::string root, std::string split)
    : path_(std::move(path)),
      rules_(std::move(rules)),
      root_(std::move(root)),
      split_(std::move(split)) {}

Listing CsvManifest::scan() {
  ManifestRows manifest(path_, root_, split_);
  std::vector<Listed> rows = manifest.read();
  Listing listing;
  listing.has_boxes = manifest.has_boxes();
  if (const auto ignored = manifest.ignored(); !ignored.empty())
    listing.warnings.push_back(fmt::format("columns that mean nothing here: {}", shown(ignored)));
  std::set<std::string> names;
  for (const Listed& row : rows) names.insert(row.label);
  listing.classes = rules_.classes.empty() ? sorted_names(names) : rules_.classes;
  std::map<std::string, std::int32_t> labels;
  for (std::size_t i = 0; i < listing.classes.size(); ++i)
    labels[listing.classes[i]] = static_cast<std::int32_t>(i);
  for (Listed& row : rows) {
    if (!rules_.splits.empty() &&
        std::find(rules_.splits.begin(), rules_.splits.end(), row.split) == rules_.splits.end())
      continue;
    const auto label = labels.find(row.label);
    if (label == labels.end())
      throw DataError(fmt::format("line {}: --classes does not name the class '{}'", row.line,
                                  printable(row.label)),
                      printable(path_), "add it to the list, or correct the row");
    row.file.label = label->second;
    auto split = std::find_if(listing.splits.begin(), listing.splits.end(),
                              [&](const SourceSplit& s) { return s.name == row.split; });
    if (split == listing.splits.end()) split = listing.splits.insert(split, {row.split, {}});
    row.file.sample_id = split->files.size();
    split->files.push_back(std::move(row.file));
  }
  for (const std::string& name : rules_.splits)
    if (std::none_of(listing.splits.begin(), listing.splits.end(),
                     [&](const SourceSplit& split) { return split.name == name; }))
      throw DataError(fmt::format("lists no picture of split '{}'", name), printable(path_),
                      "name the splits that are there with --splits");
  check_listing(listing, rules_, printable(path_));
  look_at_files(listing);
  return listing;
}

std::string CsvManifest::path_of(const std::string&, const SourceFile& file) const {
  if (root_ == "/") return "/" + file.path;
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  const std::string base = !root_.empty() ? root_ : folder.empty() ? "." : folder;
  return base + "/" + file.path;
}

}  // namespace intr
