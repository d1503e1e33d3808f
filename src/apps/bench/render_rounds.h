// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/attention/map_format.h"
#include "intr/attention/overlay_options.h"
#include "intr/core/image_size.h"

namespace intr {

/// What is drawn in a round, and how it is called.
struct RenderStyle {
  const char* name;
  OverlayOptions options;
};
/// The styles that are timed.
std::vector<RenderStyle> render_styles();

/// A sample that exists in memory alone.
struct RenderSample {
  DumpSample sample;
  std::vector<float> maps;       ///< [1, Q, heads, h, w]
  std::vector<std::byte> photo;  ///< a JPEG
};

/// What one round took. Stages are seconds over all pictures and threads.
struct RenderRound {
  std::int64_t pictures = 0;
  double seconds = 0, cpu_s = 0;
  double decode_s = 0, draw_s = 0, encode_s = 0;
  double bytes = 0;
  nlohmann::ordered_json json() const;
};

/// Photos and maps that follow from numbers alone, and rounds that draw them from encoded photo to
/// encoded picture.
class RenderRounds {
 public:
  RenderRounds(std::int64_t pictures, ImageSize photo);
  /// One picture of each sample.
  RenderRound next(const RenderStyle& style, std::int64_t threads) const;

 private:
  DumpFacts facts_;
  std::vector<RenderSample> samples_;
};

}  // namespace intr
