// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/model_summary.h"
#include "intr/attention/report_sections.h"

namespace intr {

/// The part of report.html that says what running the network again found. Same arguments, same
/// bytes: no date, no host.
/// @param plots of model_plots(summary), which lie beside it under ScorePlot::name
/// @param links the gallery is named among the files
std::string model_sections(const ModelSummary& summary, const std::vector<ScorePlot>& plots,
                           const ReportLinks& links = {});

}  // namespace intr
