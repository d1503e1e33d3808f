// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "intr/io/file_range.h"
#include "intr/weights/weight_file.h"

namespace intr {

/// A range of the file that tensors are views of, and how its bytes are checked.
struct WeightStorage {
  std::string name;  ///< for messages: "data/17", "storage 17 of 458"
  std::uint64_t begin = 0;
  std::uint64_t bytes = 0;
  std::optional<std::uint32_t> crc = {};         ///< CRC-32 of all of it
  std::vector<std::uint64_t> block_hashes = {};  ///< XXH3-64 of each kCheckpointBlock bytes
};

/// What a format's parser finds: everything but the tensors' bytes.
struct WeightContents {
  std::vector<TensorEntry> entries;
  std::vector<WeightStorage> storages;
  ValueTree tree;
  std::optional<Value::Node> top;
  std::map<std::string, std::string> metadata;
  WeightReport report;
};

/// @throws DataError if all tensors written out need more bytes than the limit
void check_budget(const std::vector<TensorEntry>& entries, const WeightLimits& limits,
                  const std::string& where);

/// Each reads a file of its format. @throws DataError
WeightContents parse_legacy(const InputFile& file, const WeightLimits& limits);
WeightContents parse_zip(const InputFile& file, const WeightLimits& limits);
WeightContents parse_safetensors(const InputFile& file, const WeightLimits& limits);
WeightContents parse_checkpoint(const InputFile& file, const WeightLimits& limits);

}  // namespace intr
