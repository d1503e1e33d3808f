// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/score_plots.h"
#include "intr/attention/score_summary.h"

namespace intr {

/// What lies beside the report.
struct ReportLinks {
  /// Address of a gallery's index.html as seen from the report, such as "../gallery/index.html";
  /// "" if there is none. Classes and confusions then lead to their pictures.
  std::string gallery;
};

/// One page of HTML that shows everything in a summary: it needs no other file, no network and no
/// script. Same arguments, same bytes: no date, no host.
/// @param plots of score_plots(summary), which lie beside it under ScorePlot::name
std::string score_report(const ScoreSummary& summary, const std::vector<ScorePlot>& plots,
                         const ReportLinks& links = {});

}  // namespace intr
