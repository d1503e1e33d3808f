// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "intr/attention/overlay_maps.h"

namespace intr {

/// How values become multiples of what the palette's last color stands for.
class OverlayScale {
 public:
  OverlayScale(const DumpFacts& facts, const OverlayOptions& options, MapField field);

  /// What a stored value is multiplied with before it is shown: attention counts as a multiple of
  /// uniform attention, signed maps as they are.
  double unit(ImageSize grid) const;
  /// Value of the last color; of signed maps the first one stands for its negative. @param all the
  /// maps of the figure that `one` belongs to
  double of(ImageSize grid, std::span<const ShownMap> all, const ShownMap& one) const;
  /// Whether all maps of a figure have the same one.
  bool is_one_for_all() const noexcept { return scale_ != "map"; }
  /// What stands at the end of a color bar.
  std::string end_text(double value) const;

 private:
  /// Whether values count as multiples of uniform attention.
  bool counts_uniform() const noexcept;
  double shared(const ShownMap& map) const;

  const DumpFacts* facts_;
  std::string scale_;
  MapField field_;
};

}  // namespace intr
