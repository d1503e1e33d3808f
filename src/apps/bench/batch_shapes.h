// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/core/image_size.h"
#include "intr/core/option_set.h"

namespace intr {

/// A batch without its pixels.
struct BatchShape {
  ImageSize padded;
  std::vector<ImageSize> images;
  std::int64_t padded_pixels() const noexcept {
    return padded.area() * static_cast<std::int64_t>(images.size());
  }
};

/// Which batches a round is made of.
struct ShapeOptions {
  std::string size = "672x896";
  std::int64_t batch_size = 4;
  std::int64_t steps = 1;
  std::string shapes;
  std::int64_t sample = 0;
};

void describe(ShapeOptions& options, OptionSet& set);

/// @return at least one batch
/// @throws UsageError for a bad option, DataError for a bad file
std::vector<BatchShape> shapes_of(const ShapeOptions& options);

}  // namespace intr
