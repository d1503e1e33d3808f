// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "intr/attention/map_reader.h"

namespace intr {

/// Name of each sample's folder in the published tree, by sample id: the stem of its picture's
/// path, made safe. Samples of the dump whose stems are equal but for upper and lower case get
/// STEM__ID, as do those whose stem looks like one of the tree's own files.
std::map<std::int64_t, std::string> reference_stems(const MapReader& reader);

}  // namespace intr
