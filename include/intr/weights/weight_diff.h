// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "intr/weights/key_names.h"
#include "intr/weights/weight_file.h"

namespace intr {

struct DiffOptions {
  bool raw_names = false;  ///< match tensors by the names in the files, else by ours
  double rtol = 0;         ///< values differ if |a - b| > atol + rtol |b|
  double atol = 0;         ///< with both 0: if their bits or types do. NaN equals NaN.
};

/// A tensor that both files have, but not alike.
struct TensorDifference {
  std::string name;
  DType type_a = DType::f32;
  DType type_b = DType::f32;
  std::vector<std::int64_t> shape_a;
  std::vector<std::int64_t> shape_b;
  // The rest only if the shapes are the same.
  std::int64_t num_different = 0;  ///< values
  double max_abs = 0;              ///< largest |a - b|; infinite where one of them is NaN
  double relative_l2 = 0;          ///< ‖a - b‖ / ‖b‖ over values that are finite in both
  /// Index of the first value that differs; nothing if only the types do.
  std::optional<std::vector<std::int64_t>> first = {};

  bool same_shape() const { return shape_a == shape_b; }
};

struct WeightDifferences {
  std::vector<std::string> only_a;
  std::vector<std::string> only_b;
  std::vector<TensorDifference> tensors;  ///< of another type or shape, or with other values
  std::int64_t num_equal = 0;

  bool any() const { return !only_a.empty() || !only_b.empty() || !tensors.empty(); }
};

/// Compares all tensors of two weight files of any formats, one pair at a time. Values beside
/// tensors are not compared: not every format can hold them.
/// @throws DataError if a file is damaged, or its names cannot be translated
WeightDifferences compare_weights(const WeightFile& a, const WeightFile& b,
                                  const DiffOptions& options = {});

}  // namespace intr
