// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "intr/core/option_set.h"

namespace intr {

/// How overlays look.
struct OverlayOptions {
  std::string style = "clean";
  std::string layout = "single";
  std::string map = "attention";  ///< contrast, rollout, value
  std::string query = "true";
  std::string head = "mean";
  std::int64_t layer = -1;
  std::string geometry = "receptive";
  std::string interpolation = "cubic";
  std::string scale = "shared";
  std::string palette = "inferno";
  double opacity = 0.65;
  bool caption = true;
  bool upright = true;
  std::int64_t long_side = 0;
  std::string format = "png";
  std::int64_t quality = 92;
  bool contour = false;
};
void describe(OverlayOptions& options, OptionSet& set);
/// The part of it that concerns the looks alone, from "style" on, and the files; continues the
/// group that is open.
void describe_look(OverlayOptions& options, OptionSet& set);
/// Layouts that show all queries do so unless one was asked for; so do signed maps, of which a
/// sample has one.
void settle_query(OverlayOptions& options, bool query_was_given, bool is_signed = false);
/// Whether the layout shows the mean and all heads, whatever options.head says.
bool shows_every_head(const OverlayOptions& options);
/// @throws UsageError for values out of range and combinations that make no sense
void validate(const OverlayOptions& options);

}  // namespace intr
