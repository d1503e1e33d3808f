// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/data/manifest.h"

namespace intr {

// What users name in a packed set. Each throws a UsageError with the nearest name there is.

/// The split that --split names; without a name the only one there is.
std::string find_split(const Manifest& manifest, const std::string& name);
/// The split that --split names; without a name all of them.
std::vector<std::string> chosen_splits(const Manifest& manifest, const std::string& name);
/// A class as the manifest writes it. @param name that, or the bytes that it stands for
std::string find_class(const Manifest& manifest, const std::string& name);
/// A flag's bit.
std::uint32_t find_flag(const std::string& name);
/// The row of a sample. @param sample its id, or its path, printable or in raw bytes
std::int64_t find_row(const DataIndex& index, const std::string& sample);

}  // namespace intr
