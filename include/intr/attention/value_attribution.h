// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "intr/model/intr.h"

namespace intr {

/// What each cell adds to a class's logit through the last decoder layer's cross-attention, to
/// first order. Attention says how much of a cell is taken; this says what is taken, and whether it
/// speaks for the class. Cells are all of the grid, [S], row by row; padded ones have exactly 0.
struct ValueAttribution {
  std::vector<double> phi;        ///< phi_j = g . sum_n a_j^n W_O^n v_j^n, signed
  std::vector<double> length;     ///< |sum_n a_j^n W_O^n v_j^n|
  std::vector<double> mean_map;   ///< mean over heads of a_j^n
  double sum = 0;                 ///< of phi
  double expected = 0;            ///< g . (o - b_O), which the sum must be
  double completeness_error = 0;  ///< |sum - expected| / max(|expected|, sum of |phi|)
};

/// g is the gradient of the class's logit with respect to o, the cross-attention's output after its
/// projection.
/// @param encoded of one picture  @param capture of the last decoder layer
/// @param query   row of the queries, the class's  @param where the sample, for messages
/// @throws InternalError if the sum is not what it must be, within 1e-4 (with products of reduced
/// precision: 0.05)
ValueAttribution attribute_values(const Intr& model, const IntrOutput& encoded,
                                  const CrossAttentionCapture& capture, std::int64_t query,
                                  bool reduced_precision, const std::string& where = "");

}  // namespace intr
