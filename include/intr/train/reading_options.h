// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "intr/core/option_set.h"
#include "intr/data/loader.h"

namespace intr {

/// How a rank reads packed pictures. Never changes what it reads.
struct ReadingOptions {
  std::int64_t slots = 3;   ///< micro-batches in memory
  std::string memory;       ///< bytes that a rank's loader may take; empty = any
  std::string stage;        ///< folder on a disk of the node, or in its memory; empty = none
  std::string stage_limit;  ///< bytes of copies there; empty = any
  bool stage_keep = false;

  /// In bytes; 0 = any.
  std::uint64_t memory_bytes() const;
  std::uint64_t stage_limit_bytes() const;
  /// What an evaluation's loader may use. @param threads decoding threads
  LoaderMeans means(std::int64_t threads) const;
};
void describe(ReadingOptions& options, OptionSet& set);
/// @throws UsageError
void validate(const ReadingOptions& options);

}  // namespace intr
