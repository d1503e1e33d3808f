// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "weight_contents.h"

namespace intr {

/// Reads tensors out of storages and checks each storage's bytes once, on its first use.
class StorageReader {
 public:
  StorageReader(const InputFile& file, const std::vector<WeightStorage>& storages)
      : file_(file), storages_(storages), checked_(storages.size(), false) {}

  /// @param out exactly entry.bytes long. @throws DataError if the storage is damaged
  void read(const TensorEntry& entry, std::span<std::byte> out);
  void verify_all();

 private:
  void read_whole(std::size_t number, std::span<std::byte> out);
  void verify(std::size_t number);
  void gather(const TensorEntry& entry, std::span<std::byte> out) const;

  const InputFile& file_;
  const std::vector<WeightStorage>& storages_;
  std::vector<bool> checked_;
};

}  // namespace intr
