// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/figure.h"
#include "intr/attention/overlay_options.h"
#include "intr/attention/overlay_query.h"

namespace intr {

/// What the model said of a sample, and then what its figure shows.
Caption caption_of(const DumpFacts& facts, const DumpSample& sample, const std::string& shown);

/// "query: ant (true) minus bee": whose maps a figure shows.
std::string text_of_query(const DumpFacts& facts, const OverlayOptions& options,
                          const OverlayQuery& query);

}  // namespace intr
