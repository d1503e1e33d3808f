// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "intr/weights/tensor_table.h"

namespace intr {

/// Values that a writer asks for when their turn comes, so that one storage at a time is in memory.
struct OutputStorage {
  DType type = DType::f32;
  std::int64_t num_values = 0;
  /// Fills exactly bytes() bytes, little-endian. May be called again; gives the same each time.
  std::function<void(std::span<std::byte>)> fill;

  std::uint64_t bytes() const noexcept;
};

/// A tensor to be written: a view of a storage. Two tensors of one storage are aliases.
struct OutputTensor {
  std::string name;
  std::size_t storage = 0;  ///< number in OutputWeights::storages
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> stride;  ///< in elements
  std::int64_t offset = 0;           ///< element of the storage where it begins

  std::int64_t num_values() const noexcept;
  bool is_row_major() const noexcept;
};

/// What a writer writes beside plain values.
struct OutputWeights {
  std::vector<OutputStorage> storages;
  std::vector<OutputTensor> tensors;

  /// Adds a row-major tensor with a storage of its own. @return its number
  std::size_t add(std::string name, DType type, const std::vector<std::int64_t>& shape,
                  std::function<void(std::span<std::byte>)> fill);
  DType type(const OutputTensor& tensor) const { return storages[tensor.storage].type; }
  std::uint64_t bytes(const OutputTensor& tensor) const;
  /// Whether a tensor's row-major values are exactly its storage.
  bool is_whole(const OutputTensor& tensor) const;
};

/// The bytes of a storage. @throws InternalError for a type that cannot be written
std::vector<std::byte> values_of(const OutputStorage& storage);
/// A tensor's values in row-major order out of those of its storage.
std::vector<std::byte> values_of(const OutputWeights& weights, const OutputTensor& tensor,
                                 std::span<const std::byte> storage);

}  // namespace intr
