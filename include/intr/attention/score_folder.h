// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/report_folder.h"
#include "intr/attention/score_summary.h"
#include "intr/attention/score_table.h"

namespace intr {

/// The folder that `intr-score maps` writes. What an earlier run left and this one does not have
/// goes only where summary.json shows that there was one; other files stay.
class ScoreFolder {
 public:
  /// Makes the folder if needed. @throws EnvironmentError if it cannot be written, or something
  /// is in the way
  explicit ScoreFolder(std::string path);

  /// Writes everything; summary.json comes last. What `intr-score model` found of the same dump
  /// stays in report.html.
  /// @param json    text of summary.json
  /// @param gallery address of a gallery's index.html as seen from the folder; "" for no links
  /// @throws EnvironmentError
  void write(const ScoreTable& table, const ScoreSummary& summary, const std::string& json,
             const std::string& gallery);

 private:
  ReportFolder folder_;
};

}  // namespace intr
