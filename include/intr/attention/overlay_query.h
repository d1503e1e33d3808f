// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/map_format.h"
#include "intr/attention/overlay_options.h"

namespace intr {

/// A query of a sample whose maps are drawn.
struct OverlayQuery {
  std::string name;  ///< part of file names: "true", "class7"; empty for maps of no query
  std::int64_t slot = 0;
  std::int32_t class_index = -1;
  std::int64_t other_slot = -1;  ///< what it is compared with, if it is
  std::int32_t other_class = -1;
};

/// The queries that options name, of any sample. Thread-safe once built.
class QueryChoice {
 public:
  /// @throws UsageError for a class that there is not
  QueryChoice(const DumpFacts& facts, const OverlayOptions& options);
  /// At least one. @throws DataError if the sample's maps of it are not stored
  std::vector<OverlayQuery> of(const DumpSample& sample) const;

 private:
  OverlayQuery named_query(const DumpSample& sample) const;

  std::string query_;
  std::int32_t class_index_ = -1;  ///< of a query given by class
  bool no_query_ = false;          ///< maps that are the same for all
  bool compared_ = false;          ///< with the best other class
  bool is_signed_ = false;         ///< the file holds the map of one class
};

/// All queries that are stored, in stored order.
std::vector<OverlayQuery> stored_queries(const DumpSample& sample);

}  // namespace intr
