// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/score_summary.h"
#include "intr/io/output_tree.h"

namespace intr {

/// Writes report.html and the pictures in plots/ below a folder, and removes those plots of an
/// earlier report that this one does not have. Same summary, same bytes.
/// @param folder  that of `tree`
/// @param gallery address of a gallery's index.html as seen from the folder; "" for no links
/// @throws EnvironmentError
void write_report_files(OutputTree& tree, const std::string& folder, const ScoreSummary& summary,
                        const std::string& gallery);

}  // namespace intr
