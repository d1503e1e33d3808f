// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>

#include "intr/data/data_index.h"

namespace intr {

/// Sums over decoded pixels, red, green, blue. Whole numbers: they do not depend on the order in
/// which threads add. Exact up to 2^47 pixels, which no data set has.
struct PixelSums {
  std::uint64_t pixels = 0;
  std::array<std::uint64_t, 3> values = {};
  std::array<std::uint64_t, 3> squares = {};

  void add(const Image& image);
  void add(const PixelSums& other);
  /// Of values 0 to 1, as the network's normalization takes them.
  std::array<double, 3> mean() const;
  std::array<double, 3> deviation() const;
  nlohmann::ordered_json json() const;
};

/// Decodes every picture of a split, as the set wants it decoded, before any transform.
/// @param advance after each picture, by one thread at a time
/// @param stop_requested ends early; what was summed is returned
/// @throws DataError naming the first damaged record that was met
PixelSums sum_pixels(const DataIndex& index, std::int64_t threads,
                     const std::function<void()>& advance,
                     const std::function<bool()>& stop_requested);

}  // namespace intr
