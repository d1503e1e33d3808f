// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "intr/weights/output_weights.h"

namespace intr {

/// Largest header that readers of the format accept, in bytes.
inline constexpr std::uint64_t kSafetensorsHeaderLimit = 100'000'000;

/// Writes a safetensors file. Tensors keep their order, larger element types first, so that every
/// value is aligned; data begins at a multiple of 64 bytes. The format knows no sharing: aliases
/// are copied. The same input gives the same bytes. One storage is in memory at a time.
/// @param path     where it is written, as it is named: callers give an AtomicFile's temporary path
/// @param metadata free text, the header's __metadata__
/// @return XXH3-64 of each tensor's row-major values, in the order of weights.tensors
/// @throws DataError for names that the format cannot hold, EnvironmentError if it cannot be
/// written, and what filling a storage throws
std::vector<std::uint64_t> write_safetensors(const std::string& path, const OutputWeights& weights,
                                             const std::map<std::string, std::string>& metadata);

}  // namespace intr
