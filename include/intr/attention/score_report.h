// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/report_sections.h"
#include "intr/attention/score_plots.h"
#include "intr/attention/score_summary.h"

namespace intr {

/// The part of report.html that shows everything in a summary of `intr-score maps`. Same arguments,
/// same bytes: no date, no host.
/// @param plots of score_plots(summary), which lie beside it under ScorePlot::name
/// @param links with a gallery, classes and confusions lead to their pictures
std::string score_sections(const ScoreSummary& summary, const std::vector<ScorePlot>& plots,
                           const ReportLinks& links = {});

}  // namespace intr
