// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/attention/place_measures.h"
#include "intr/core/option_set.h"

namespace intr {

/// Where boxes and parts come from.
struct AnnotationOptions {
  std::string data{};   ///< packed set
  std::string boxes{};  ///< CSV path, x, y, width, height; replaces boxes of the set
  std::string parts{};  ///< CSV path, part, x, y, visible; replaces parts of the set
};
void describe(AnnotationOptions& options, OptionSet& set);

/// What people have marked in a picture, in pixels of the picture as the dump has it.
struct SampleAnnotation {
  std::optional<PictureBox> box{};
  std::vector<PartPoint> parts{};  ///< [K]; parts that nobody marked are not visible
};

/// Boxes and parts of the samples of a dump.
struct Annotations {
  bool has_boxes = false, has_parts = false;
  std::vector<std::string> part_names;    ///< [K]
  std::vector<SampleAnnotation> samples;  ///< as the rows that were asked for
  std::int64_t num_boxes = 0;             ///< samples with a box
  std::int64_t boxes_outside = 0;         ///< boxes without area in their picture; left out
  std::int64_t parts_outside = 0;         ///< visible parts outside their picture; taken as hidden
  std::int64_t reencoded = 0;  ///< samples whose packed annotations do not fit their stored picture
  std::int64_t unmatched = 0;  ///< lines of CSV files about pictures that the dump does not hold
};

/// Reads the annotations of these rows.
/// @throws DataError for another data set than the dump's, a bad CSV file, one that stands twice or
/// one that names no picture of the dump
Annotations read_annotations(const MapReader& reader, std::span<const std::int64_t> rows,
                             const AnnotationOptions& options);

}  // namespace intr
