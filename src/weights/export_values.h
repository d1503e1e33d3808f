// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "drop_patterns.h"
#include "export_tensors.h"
#include "intr/weights/weight_export.h"

namespace intr {

/// Copies a value of a .pth file, with the tensors in it, into a plan: plain dicts for ordered
/// ones, less what the patterns drop.
class ExportValues {
 public:
  ExportValues(const WeightFile& file, ExportPlan& plan, ExportTensors& tensors,
               DropPatterns& patterns);

  /// Tensors below this path, before anything is copied, so that aliases are known.
  void announce(const std::string& path);
  /// @param path of the value in the file; empty for its top
  /// @param type of floating-point tensors outside "optimizer", whose state is never rounded
  Value::Node copy(const Value& value, const std::string& path, std::optional<DType> type);

 private:
  Value::Node copy_container(const Value& value, const std::string& path, bool is_top,
                             std::optional<DType> type);
  Value::Node copy_any(const Value& value, const std::string& path, bool is_top,
                       std::optional<DType> type);

  const WeightFile& file_;
  ExportPlan& plan_;
  ExportTensors& tensors_;
  DropPatterns& patterns_;
};

}  // namespace intr
