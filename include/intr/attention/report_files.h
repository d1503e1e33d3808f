// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/score_plots.h"
#include "intr/attention/score_summary.h"
#include "intr/io/output_tree.h"

namespace intr {

/// Writes report.html and the pictures in plots/ below a folder. Same summary, same bytes.
/// @param gallery address of a gallery's index.html as seen from the folder; "" for no links
/// @throws EnvironmentError
void write_report_files(OutputTree& tree, const ScoreSummary& summary,
                        const std::vector<ScorePlot>& plots, const std::string& gallery);

/// Removes what an earlier report has in FOLDER/plots and this one does not.
void remove_other_plots(const std::string& folder, const std::vector<ScorePlot>& plots);

}  // namespace intr
