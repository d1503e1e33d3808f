// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/model_summary.h"

namespace intr {

/// What a reader of the numbers has to know: samples that are not there, not measured, or without
/// curves. Sentences without a full stop.
std::vector<std::string> model_warnings(const ModelSummary& summary);

}  // namespace intr
