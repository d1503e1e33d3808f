// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/weights/output_weights.h"
#include "intr/weights/value_tree.h"

namespace intr {

/// Writes a .pth file as torch.save does since 1.6: loads in Python with weights_only=True, also
/// with mmap=True, and in LibTorch's pickle_load. Tensors that share a storage go on sharing it.
/// The same input gives the same bytes. One storage is in memory at a time.
/// @param path where it is written, as it is named: callers give an AtomicFile's temporary path
/// @param top  the object: a tree whose tensors are numbers in weights.tensors
/// @return XXH3-64 of each tensor's row-major values
/// @throws EnvironmentError if it cannot be written, and what filling a storage throws
std::vector<std::uint64_t> write_pth(const std::string& path, const OutputWeights& weights,
                                     const Value& top);

}  // namespace intr
