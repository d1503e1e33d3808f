// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace intr {

namespace {

float peak_of(const ShownMap& map) {
  float largest = 0;
  for (const float value : map.values) largest = std::max(largest, std::abs(value));
  return largest;
}

}  // namespace

OverlayScale::OverlayScale(const DumpFacts& facts, const OverlayOptions& options, MapField field)
    : facts_(&facts), scale_(options.scale), field_(field) {}

bool OverlayScale::counts_uniform() const noexcept {
  return field_ != MapField::kValue && !facts_->is_signed;
}

double OverlayScale::unit(ImageSize grid) const {
  return counts_uniform() ? static_cast<double>(grid.area()) : 1.0;
}

double OverlayScale::shared(const ShownMap& map) const {
  if (map.is_signed && !facts_->is_signed) return facts_->contrast_p99;
  if (field_ == MapField::kRollout) return facts_->rollout_p99;
  return field_ == MapField::kValue ? facts_->value_p99 : facts_->peak_p99;
}

double OverlayScale::of(ImageSize grid, std::span<const ShownMap> all, const ShownMap& one) const {
  if (scale_ == "shared") return shared(one);
  if (scale_.starts_with("fixed:")) {
    double value = 0;
    std::from_chars(scale_.data() + 6, scale_.data() + scale_.size(), value);
    return value;
  }
  float largest = peak_of(one);
  if (scale_ == "sample")
    for (const ShownMap& map : all)
      if (map.is_signed == one.is_signed) largest = std::max(largest, peak_of(map));
  return static_cast<double>(largest) * unit(grid);
}

std::string OverlayScale::end_text(double value) const {
  return counts_uniform() ? fmt::format("{:.3g} x uniform", value) : fmt::format("{:.3g}", value);
}

}  // namespace intr
