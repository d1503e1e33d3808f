// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/map_reader.h"

namespace intr {

/// A name for a file or folder from any bytes: all but letters, digits, '.', '_', ' ' and '-', and
/// a leading dot, are percent-encoded; cut to at most `max_bytes`. Never empty.
std::string safe_file_name(const std::string& bytes, std::size_t max_bytes);

/// Last component of a path without its extension.
std::string stem_of(const std::string& path);

/// "CLASS/STEM__ID__WHAT.EXTENSION", below the output folder. Sample ids keep equal stems apart.
std::string picture_path(const DumpFacts& facts, const DumpSample& sample, const std::string& what,
                         const std::string& extension);

/// Name of a class, or "unknown" for -1.
std::string class_name(const DumpFacts& facts, std::int32_t class_index);

}  // namespace intr
