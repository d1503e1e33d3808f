// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/sample_annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <unordered_map>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/data/annotation_files.h"
#include "intr/data/data_index.h"
#include "intr/data/shard_format.h"

namespace intr {

namespace {

/// Rows of the dump by the paths that CSV files may write: PATH or SPLIT/PATH.
class DumpPaths {
 public:
  DumpPaths(const MapReader& reader, std::span<const std::int64_t> rows)
      : prefix_(reader.facts().split + "/") {
    for (std::int64_t row = 0; row < reader.size(); ++row)
      place_of_.emplace(reader.sample(row).path, kNotAsked);
    for (std::size_t i = 0; i < rows.size(); ++i)
      place_of_[reader.sample(rows[i]).path] = static_cast<std::int64_t>(i);
  }

  static constexpr std::int64_t kNotAsked = -1;  ///< in the dump, but not among the rows
  static constexpr std::int64_t kUnknown = -2;

  std::int64_t find(const std::string& path) const {
    auto found = place_of_.find(path);
    if (found == place_of_.end() && path.starts_with(prefix_))
      found = place_of_.find(path.substr(prefix_.size()));
    return found == place_of_.end() ? kUnknown : found->second;
  }

 private:
  std::string prefix_;
  std::unordered_map<std::string, std::int64_t> place_of_;
};

/// Counts lines that fit, and refuses a file of which none does.
class LineTally {
 public:
  explicit LineTally(const std::string& file) : file_(file) {}

  /// @return the place among the rows; negative if there is none
  std::int64_t find(const DumpPaths& paths, const std::string& path, std::int64_t line) {
    const std::int64_t place = paths.find(path);
    if (place != DumpPaths::kUnknown) {
      known_ = true;
    } else if (unmatched_++ == 0) {
      first_ = path;
      first_line_ = line;
    }
    return place;
  }
  [[noreturn]] void refuse_twice(std::int64_t line, const std::string& what) const {
    throw DataError(fmt::format("line {}: {} stands there twice", line, what), printable(file_),
                    "remove one of the lines");
  }
  std::int64_t finish() const {
    if (known_ || unmatched_ == 0) return unmatched_;
    throw DataError(fmt::format("line {}: {} is no picture of the dump, nor is that of any line",
                                first_line_, quoted_name(first_)),
                    printable(file_), "write a path below the split folder, or SPLIT/path");
  }

 private:
  const std::string& file_;
  bool known_ = false;
  std::int64_t unmatched_ = 0, first_line_ = 0;
  std::string first_;
};

void read_boxes(Annotations& all, const DumpPaths& paths, const std::string& file) {
  all.has_boxes = true;
  for (SampleAnnotation& sample : all.samples) sample.box.reset();
  LineTally tally(file);
  for (const BoxRow& row : read_box_file(file)) {
    const std::int64_t place = tally.find(paths, row.path, row.line);
    if (place < 0) continue;
    std::optional<PictureBox>& box = all.samples[static_cast<std::size_t>(place)].box;
    if (box) tally.refuse_twice(row.line, quoted_name(row.path));
    box = PictureBox{static_cast<double>(row.x), static_cast<double>(row.y),
                     static_cast<double>(row.width), static_cast<double>(row.height)};
  }
  all.unmatched += tally.finish();
}

void read_parts(Annotations& all, const DumpPaths& paths, const std::string& file) {
  const std::vector<PartRow> rows = read_part_file(file);
  all.has_parts = true;
  all.part_names.clear();
  std::unordered_map<std::string, std::size_t> number_of;
  for (const PartRow& row : rows)
    if (number_of.emplace(row.part, all.part_names.size()).second)
      all.part_names.push_back(row.part);
  for (SampleAnnotation& sample : all.samples) sample.parts.assign(all.part_names.size(), {});
  LineTally tally(file);
  std::set<std::pair<std::int64_t, std::size_t>> seen;
  for (const PartRow& row : rows) {
    const std::int64_t place = tally.find(paths, row.path, row.line);
    if (place < 0) continue;
    const std::size_t part = number_of.at(row.part);
    if (!seen.emplace(place, part).second)
      tally.refuse_twice(
          row.line, fmt::format("part {} of {}", quoted_name(row.part), quoted_name(row.path)));
    all.samples[static_cast<std::size_t>(place)].parts[part] = {
        {static_cast<double>(row.x), static_cast<double>(row.y)}, row.visible};
  }
  all.unmatched += tally.finish();
}

/// Annotations of one row of a packed set.
SampleAnnotation packed_annotation(const SampleColumns& columns, std::size_t row) {
  SampleAnnotation annotation;
  if (!columns.box.empty() && !std::isnan(columns.box[4 * row])) {
    const float* box = columns.box.data() + 4 * row;
    annotation.box = PictureBox{static_cast<double>(box[0]), static_cast<double>(box[1]),
                                static_cast<double>(box[2]), static_cast<double>(box[3])};
  }
  const std::size_t parts = columns.part_names.size();
  for (std::size_t k = row * parts; k < (row + 1) * parts; ++k) {
    const PicturePoint point{static_cast<double>(columns.part_xy[2 * k]),
                             static_cast<double>(columns.part_xy[2 * k + 1])};
    const bool known = !std::isnan(point.x) && !std::isnan(point.y);
    annotation.parts.push_back({point, known && columns.part_visible[k] != 0});
  }
  return annotation;
}

void read_packed(Annotations& all, const MapReader& reader, std::span<const std::int64_t> rows,
                 const std::string& set) {
  const DumpFacts& facts = reader.facts();
  const DataIndex index = DataIndex::open(set, facts.split);
  if (index.dataset_id() != facts.dataset_id)
    throw DataError(fmt::format("it is data set {}, the dump was made from {}", index.dataset_id(),
                                facts.dataset_id),
                    set, "give the packed set of the dump");
  const SampleColumns& columns = index.columns();
  all.has_boxes = !columns.box.empty();
  all.part_names = columns.part_names;
  all.has_parts = !all.part_names.empty();
  if (!all.has_boxes && !all.has_parts) return;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t id = reader.sample(rows[i]).sample_id;
    const std::int64_t row = index.find(id);
    if (row < 0)
      throw DataError(fmt::format("it has no sample {}", id), set,
                      "give the packed set of the dump");
    all.samples[i] = packed_annotation(columns, static_cast<std::size_t>(row));
    if ((index.flags(row) & kReencoded) == 0) continue;
    // Packed in pixels of a source whose size is not known any more.
    all.samples[i].box.reset();
    for (PartPoint& part : all.samples[i].parts) part.visible = false;
    ++all.reencoded;
  }
}

bool overlaps(const PictureBox& box, const ImageSize& picture) {
  const double width =
      std::min(box.x + box.width, static_cast<double>(picture.width)) - std::max(box.x, 0.0);
  const double height =
      std::min(box.y + box.height, static_cast<double>(picture.height)) - std::max(box.y, 0.0);
  return width > 0 && height > 0 && std::isfinite(box.diagonal());
}

/// No map can hit a box outside its picture: it is of another picture, or in other units.
void drop_boxes_outside(Annotations& all, const MapReader& reader,
                        std::span<const std::int64_t> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::optional<PictureBox>& box = all.samples[i].box;
    if (!box || overlaps(*box, reader.sample(rows[i]).source_size)) continue;
    box.reset();
    ++all.boxes_outside;
  }
}

/// A part outside its picture lies in no cell.
void hide_parts_outside(Annotations& all, const MapReader& reader,
                        std::span<const std::int64_t> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ImageSize size = reader.sample(rows[i]).source_size;
    const PictureBox picture{0, 0, static_cast<double>(size.width),
                             static_cast<double>(size.height)};
    for (PartPoint& part : all.samples[i].parts) {
      if (!part.visible || picture.holds(part.point)) continue;
      part.visible = false;
      ++all.parts_outside;
    }
  }
}

}  // namespace

void describe(AnnotationOptions& options, OptionSet& set) {
  set.group("Boxes and parts")
      .add("data", options.data, "packed set that the dump was made from: its boxes and parts")
      .add("boxes", options.boxes,
           "CSV path,x,y,width,height in pixels of the stored picture; replaces the set's boxes")
      .add("parts", options.parts,
           "CSV path,part,x,y,visible in pixels of the stored picture; replaces the set's parts");
}

Annotations read_annotations(const MapReader& reader, std::span<const std::int64_t> rows,
                             const AnnotationOptions& options) {
  Annotations all;
  all.samples.resize(rows.size());
  if (!options.data.empty()) read_packed(all, reader, rows, options.data);
  if (!options.boxes.empty() || !options.parts.empty()) {
    const DumpPaths paths(reader, rows);
    if (!options.boxes.empty()) read_boxes(all, paths, options.boxes);
    if (!options.parts.empty()) read_parts(all, paths, options.parts);
  }
  drop_boxes_outside(all, reader, rows);
  hide_parts_outside(all, reader, rows);
  for (const SampleAnnotation& sample : all.samples) all.num_boxes += sample.box ? 1 : 0;
  return all;
}

}  // namespace intr
