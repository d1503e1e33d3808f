// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/model_summary.h"

namespace intr {

/// What a terminal shows: the table of measures, a line a stage of randomization, and what one
/// temperature would change. Parts without samples are left out.
std::string model_text(const ModelSummary& summary);

}  // namespace intr
