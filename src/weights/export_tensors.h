// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "intr/weights/weight_export.h"

namespace intr {

/// Adds tensors of a source file to what will be written: reads, converts, shares storages.
class ExportTensors {
 public:
  /// @param keep_aliases whether tensors that share a storage go on sharing it
  ExportTensors(const WeightFile& file, ExportPlan& plan, bool keep_aliases);

  /// An entry of the file as it is, or converted. Entries that shall share storages are announced
  /// before the first is added. @return its number in plan.weights.tensors
  std::size_t add(const std::string& name, std::size_t entry, std::optional<DType> type);
  void announce(std::size_t entry);
  /// A tensor under our name, which may be several entries one behind another.
  std::size_t add(const std::string& name, const NamedTensor& tensor, std::optional<DType> type);
  /// Rows of such a tensor.
  std::size_t add_rows(const std::string& name, const NamedTensor& tensor, std::int64_t first_row,
                       std::int64_t num_rows, std::optional<DType> type);

 private:
  /// The part of a storage that announced entries see.
  struct Shared {
    std::size_t users = 0;
    std::int64_t first = 0;
    std::int64_t end = 0;
    std::optional<std::size_t> output = {};  ///< number in plan.weights.storages, once there
  };
  DType wanted(DType stored, std::optional<DType> type);
  std::size_t add_view(const std::string& name, const TensorEntry& entry, Shared& shared,
                       DType type);

  const WeightFile& file_;
  ExportPlan& plan_;
  bool keep_aliases_;
  std::map<std::size_t, Shared> shared_;  ///< by the source's storage
};

}  // namespace intr
