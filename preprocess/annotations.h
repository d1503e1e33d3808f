// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "intr/data/sample_columns.h"
#include "preprocess/picture_source.h"

namespace intr {

/// Gives pictures the boxes of a CSV file: see read_box_file. It replaces boxes of the source.
/// @throws DataError naming file and line for a path that no split has, or that two splits have, or
/// that stands there twice
void add_boxes(Listing& listing, const std::string& path);
/// Gives pictures the parts of a CSV file: see read_part_file. Parts are numbered in the order in
/// which their names appear first. What a picture has no row for is not visible and lies at 0, 0.
void add_parts(Listing& listing, const std::string& path);

/// Identity of all annotations, for the options that change bytes; "" if there are none.
std::string annotation_hash(const Listing& listing);

/// Adds a picture's annotations to columns, if the listing has any.
void append_annotations(SampleColumns& columns, const Listing& listing,
                        const Annotations& annotations);

/// Boxes of a split that reach more than a pixel out of their pictures: how many, and the path of
/// the first.
struct BoxesOutside {
  std::int64_t count = 0;
  std::string first;
};
BoxesOutside boxes_outside(const SampleColumns& columns);

}  // namespace intr
