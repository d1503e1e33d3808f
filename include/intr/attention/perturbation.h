// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "intr/attention/geometry.h"
#include "intr/attention/model_scores.h"

namespace intr {

/// Variants of one picture, some of whose cells are gone (deletion: the mean color, 0 after
/// normalizing) or are still there in a blurred picture (insertion), after RISE (Petsiuk et al.,
/// BMVC 2018). A cell stands for the pixels of its tile in the resized picture.
class PerturbedPicture {
 public:
  /// @param picture [1, 3, Hp, Wp] as the network takes it, on its device
  /// @param grid    cells of the picture without padding
  PerturbedPicture(const at::Tensor& picture, const CellGrid& grid);

  /// The first of the cells in this order are changed.
  struct Variant {
    CurveKind kind;
    const std::vector<std::int64_t>* order;  ///< numbers of all cells
    std::int64_t changed;                    ///< how many
  };
  /// @return [V, 3, Hp, Wp], padding untouched
  at::Tensor make(const std::vector<Variant>& variants) const;

 private:
  at::Tensor changed_pixels(const Variant& variant) const;

  at::Tensor picture_;        ///< [1, 3, Hp, Wp]
  at::Tensor blurred_;        ///< the same, with padding as it was
  at::Tensor cell_of_pixel_;  ///< [Hp, Wp] int64 number of the cell; S where padded
  std::int64_t num_cells_;
};

}  // namespace intr
