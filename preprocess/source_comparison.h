// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "preprocess/set_comparison.h"
#include "preprocess/source_options.h"

namespace intr {

/// Compares a set with what options take from a source, and shows the progress. Unless the options
/// name splits, they are those of the set.
/// @param threads at least 1
/// @throws UsageError, DataError
SetComparison compare_with_source(const std::string& set, SourceOptions options,
                                  const std::string& source, std::int64_t threads,
                                  const std::function<bool()>& stop_requested);

}  // namespace intr
