// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "preprocess/picture_source.h"

namespace intr {

/// A file of a source, or a sample of a set, that the other side does not have as it is.
struct FileDifference {
  enum class Kind {
    kMissing,    ///< the set has no such picture
    kExtra,      ///< the source has no such picture
    kChanged,    ///< other bytes under the same path
    kRelabeled,  ///< the same bytes in another class, under the same path or another one
    kMoved,      ///< the same bytes in the same class, under another path
    kBoxed,      ///< another box, under the same path
    kParts,      ///< other parts, under the same path
  };
  /// One side's name of the picture; all empty if it has none.
  struct Place {
    std::string split;
    std::string path;        ///< raw bytes
    std::string class_name;  ///< printable
  };
  Kind kind = Kind::kMissing;
  Place source;
  Place set;
  std::int64_t sample_id = -1;  ///< in the set

  /// A line, such as "extra      train/a/1.jpg (sample 3, class a)".
  std::string text() const;
};

struct SetComparison {
  std::vector<FileDifference> differences;  ///< in source order, then what the set alone has
  std::int64_t equal = 0;
  bool stopped = false;  ///< on request; the rest says nothing
  std::int64_t count(FileDifference::Kind kind) const;
};

struct ComparisonOptions {
  std::int64_t threads = 1;
  std::function<void()> advance = [] {};  ///< after each file, by one thread at a time
  std::function<bool()> stop_requested = [] { return false; };
};

/// Compares a packed set with a source by the bytes of every file, and by boxes and parts if the
/// source has them. A picture that only changed its path or its split is found again by its hash.
/// @param listing what the source's scan() gave, after any selection
/// @throws DataError if the set is damaged or a file cannot be read
SetComparison compare_with_source(const std::string& set, const PictureSource& source,
                                  const Listing& listing, const ComparisonOptions& options);

}  // namespace intr
