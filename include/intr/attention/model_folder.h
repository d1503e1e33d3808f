// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/model_summary.h"
#include "intr/attention/report_folder.h"

namespace intr {

/// Texts of the files that `intr-score model` writes beside report.html; "" = there is no such one.
struct ModelFiles {
  std::string samples_csv;        ///< model-samples.csv
  std::string heads_csv;          ///< model-heads.csv
  std::string curves_csv;         ///< curves.csv
  std::string randomization_csv;  ///< randomization.csv
  std::string json;               ///< model.json
};

/// The folder that `intr-score model` writes; that of `intr-score maps` may be the same one. What
/// an earlier run left and this one does not have goes only where model.json shows that there was
/// one; other files stay.
class ModelFolder {
 public:
  /// Makes the folder if needed. @throws EnvironmentError if it cannot be written, or something
  /// is in the way
  explicit ModelFolder(std::string path);

  /// Writes everything, with plots and report.html; model.json comes last. What `intr-score maps`
  /// found of the same dump stays in report.html.
  /// @param gallery address of a gallery's index.html as seen from the folder; "" for no link
  /// @throws EnvironmentError
  void write(const ModelFiles& files, const ModelSummary& summary, const std::string& gallery);

 private:
  ReportFolder folder_;
};

}  // namespace intr
