// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "intr/weights/tensor_table.h"

namespace intr {

/// A tensor that a pickle made: part of a storage. All numbers count elements.
struct TensorView {
  std::size_t storage = 0;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> stride;
};

/// What is wrong with a view of `numel` elements; empty if nothing is. All products are checked.
std::string view_fault(const TensorView& view, std::int64_t numel, std::int64_t most_dimensions);

/// Bytes of a row-major tensor; nothing if they are more than 2^63 - 1.
std::optional<std::int64_t> tensor_bytes(const std::vector<std::int64_t>& shape, DType type);

}  // namespace intr
