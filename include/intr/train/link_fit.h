// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "intr/train/scaling_model.h"

namespace intr {

/// What one sum over ranks took.
struct LinkSample {
  double bytes = 0;
  double messages = 1;  ///< that these bytes were cut into
  double seconds = 0;
};

struct LinkFit {
  Link link;
  double error = 0;  ///< median over samples of |model / measured - 1|
};

/// The link whose ring or tree, whichever is faster for a size, comes nearest to measured times: as
/// message_seconds() takes them of ranks on one node. Residuals are relative, so that a
/// kilobyte counts as much as 256 MiB, under Huber's loss (Huber 1964, Robust estimation of a
/// location parameter), so that one disturbed size does not bend the line. Latency is at least 0.
/// @param samples of at least two sizes, each longer than 0 s @param ranks at least 2
LinkFit fit_link(std::span<const LinkSample> samples, std::int64_t ranks);

}  // namespace intr
