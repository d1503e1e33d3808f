// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/core/option_set.h"
#include "intr/data/data_index.h"

namespace intr {

/// Which samples of a split a dump covers. Kinds intersect, repeats of one kind unite.
struct SampleChoice {
  std::vector<std::string> classes;  ///< only samples with these true classes, by name or number
  std::vector<std::string> samples;  ///< only these sample ids: ID or A-B
  std::string include;               ///< file with a sample id or a path a line; "" = none
  std::int64_t limit = 0;            ///< only the first so many of the selected; 0 = all
};

/// Adds the group "Which samples".
void describe(SampleChoice& choice, OptionSet& set);
/// @throws UsageError naming the option
void validate(const SampleChoice& choice);

/// Rows of the index that are chosen, in id order.
/// @throws UsageError if there are none, DataError for a line of the list that names no sample
std::vector<std::int64_t> select_rows(const DataIndex& index, const SampleChoice& choice);

/// The chosen samples as text: "all", or how many and a hash of their ids.
std::string describe_selection(const DataIndex& index, const std::vector<std::int64_t>& rows);
/// The same of samples that are not the whole split. @param sample_ids ascending
std::string describe_selection(const std::vector<std::int64_t>& sample_ids);

}  // namespace intr
