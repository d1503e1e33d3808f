// SPDX-License-Identifier: Apache-2.0
#include "preprocess/annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <unordered_map>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/printable.h"
#include "intr/data/annotation_files.h"
#include "intr/image/decode.h"

namespace intr {
namespace {

/// Finds pictures by PATH or SPLIT/PATH.
class PictureNames {
 public:
  PictureNames(Listing& listing, std::string file) : file_(std::move(file)) {
    for (SourceSplit& split : listing.splits) {
      for (SourceFile& picture : split.files) {
        by_name_[split.name + "/" + picture.path] = &picture;
        const auto [alone, fresh] = by_name_.emplace(picture.path, &picture);
        if (!fresh && alone->second != &picture) alone->second = nullptr;  // in two splits
      }
    }
  }

  SourceFile& find(const std::string& name, std::int64_t line) const {
    const auto found = by_name_.find(name);
    if (found != by_name_.end() && found->second != nullptr) return *found->second;
    throw DataError(
        fmt::format("line {}: '{}' {}", line, printable(name),
                    found == by_name_.end() ? "is no picture of any split" : "is in two splits"),
        printable(file_), "write a path below the split folder, or SPLIT/path");
  }

 private:
  std::string file_;
  std::unordered_map<std::string, SourceFile*> by_name_;
};

[[noreturn]] void refuse_twice(const std::string& file, std::int64_t line,
                               const std::string& what) {
  throw DataError(fmt::format("line {}: {} stands there twice", line, what), printable(file),
                  "remove one of the lines");
}

}  // namespace

void add_boxes(Listing& listing, const std::string& path) {
  const std::vector<BoxRow> rows = read_box_file(path);
  listing.has_boxes = true;
  for (SourceSplit& split : listing.splits)
    for (SourceFile& picture : split.files) picture.annotations.box.fill(NAN);
  const PictureNames names(listing, path);
  for (const BoxRow& row : rows) {
    auto& box = names.find(row.path, row.line).annotations.box;
    if (!std::isnan(box[0])) refuse_twice(path, row.line, fmt::format("'{}'", printable(row.path)));
    box = {row.x, row.y, row.width, row.height};
  }
}

void add_parts(Listing& listing, const std::string& path) {
  const std::vector<PartRow> rows = read_part_file(path);
  listing.part_names.clear();
  std::unordered_map<std::string, std::size_t> number_of;
  for (const PartRow& row : rows)
    if (number_of.emplace(row.part, listing.part_names.size()).second)
      listing.part_names.push_back(row.part);
  for (SourceSplit& split : listing.splits) {
    for (SourceFile& picture : split.files) {
      picture.annotations.part_xy.assign(2 * listing.part_names.size(), NAN);
      picture.annotations.part_visible.assign(listing.part_names.size(), 0);
    }
  }
  const PictureNames names(listing, path);
  std::set<std::pair<const SourceFile*, std::size_t>> seen;
  for (const PartRow& row : rows) {
    SourceFile& picture = names.find(row.path, row.line);
    const std::size_t part = number_of.at(row.part);
    if (!seen.emplace(&picture, part).second)
      refuse_twice(path, row.line,
                   fmt::format("part '{}' of '{}'", printable(row.part), printable(row.path)));
    picture.annotations.part_xy[2 * part] = row.x;
    picture.annotations.part_xy[2 * part + 1] = row.y;
    picture.annotations.part_visible[part] = row.visible ? 1 : 0;
  }
}

std::string annotation_hash(const Listing& listing) {
  if (!listing.has_boxes && listing.part_names.empty()) return {};
  Hash128 hash;
  for (const std::string& name : listing.part_names) hash.add(name);
  for (const SourceSplit& split : listing.splits) {
    for (const SourceFile& picture : split.files) {
      if (listing.has_boxes) hash.add(std::as_bytes(std::span(picture.annotations.box)));
      hash.add(std::as_bytes(std::span(picture.annotations.part_xy)));
      hash.add(std::as_bytes(std::span(picture.annotations.part_visible)));
    }
  }
  return hash.hex();
}

void append_annotations(SampleColumns& columns, const Listing& listing,
                        const Annotations& annotations) {
  if (listing.has_boxes)
    columns.box.insert(columns.box.end(), annotations.box.begin(), annotations.box.end());
  if (listing.part_names.empty()) return;
  columns.part_names = listing.part_names;
  columns.part_xy.insert(columns.part_xy.end(), annotations.part_xy.begin(),
                         annotations.part_xy.end());
  columns.part_visible.insert(columns.part_visible.end(), annotations.part_visible.begin(),
                              annotations.part_visible.end());
}

BoxesOutside boxes_outside(const SampleColumns& columns) {
  BoxesOutside outside;
  for (std::size_t row = 0; 4 * row + 3 < columns.box.size(); ++row) {
    const float* box = columns.box.data() + 4 * row;
    const bool inside = box[0] >= -1 && box[1] >= -1 &&
                        box[0] + box[2] <= static_cast<float>(columns.width[row]) + 1 &&
                        box[1] + box[3] <= static_cast<float>(columns.height[row]) + 1;
    // A box is in pixels of the source; of a picture stored anew that size is not known any more.
    const bool anew = row < columns.flags.size() && (columns.flags[row] & kReencoded) != 0;
    if (std::isnan(box[0]) || inside || anew) continue;
    if (outside.count++ == 0) outside.first = columns.path_of(static_cast<std::int64_t>(row));
  }
  return outside;
}

}  // namespace intr
