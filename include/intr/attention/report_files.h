// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/model_summary.h"
#include "intr/attention/report_folder.h"
#include "intr/attention/report_parts.h"
#include "intr/attention/score_plots.h"
#include "intr/attention/score_summary.h"

namespace intr {

/// Writes report.html and the pictures in plots/ below a folder. What the other command found of
/// the same dump stays in report.html. Same summary, same bytes.
/// @param gallery address of a gallery's index.html as seen from the folder; "" for no links
/// @throws EnvironmentError
void write_report_files(ReportFolder& folder, const ScoreSummary& summary,
                        const std::vector<ScorePlot>& plots, const std::string& gallery);

/// The same for `intr-score model`.
void write_report_files(ReportFolder& folder, const ModelSummary& summary,
                        const std::vector<ScorePlot>& plots, const std::string& gallery);

/// Removes what an earlier report of this command has in plots/ and this one does not.
void remove_other_plots(const ReportFolder& folder, ScoreCommand command,
                        const std::vector<ScorePlot>& plots);

}  // namespace intr
