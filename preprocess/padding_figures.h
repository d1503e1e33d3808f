// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "intr/data/augmentation.h"
#include "intr/data/data_index.h"

namespace intr {

/// Which share of the network's input is padding, 0 to 1, and how many pixels a picture costs.
struct PaddingFigures {
  std::int64_t pictures = 0;
  std::int64_t pixels = 0;  ///< of the pictures after the transform
  std::int64_t padded = 0;  ///< of the batches
  double share() const;
  nlohmann::ordered_json json() const;
};

/// Of one epoch of training (epoch 0, seed 42) in steps of `batch_size`, planned as the loader
/// plans them. @param window steps sorted by size together; 1 = in the order drawn
/// @throws DataError for an empty split, or a picture too narrow for the transform
PaddingFigures training_padding(const DataIndex& index, const Transform& transform,
                                std::int64_t batch_size, std::int64_t window);
/// Of evaluation in batches of one size, as intr-eval plans them.
PaddingFigures evaluation_padding(const DataIndex& index, const Transform& transform,
                                  std::int64_t batch_size);
/// Of evaluation in consecutive batches, as published.
PaddingFigures consecutive_padding(const DataIndex& index, const Transform& transform,
                                   std::int64_t batch_size);

/// All of them under the published transforms: {"train", "val"} of {"plain", "bucketed"}; null
/// with an "error" beside them where a split cannot be planned.
nlohmann::ordered_json padding_statistics(const DataIndex& index, std::int64_t batch_size,
                                          std::int64_t window);

}  // namespace intr
