// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "intr/attention/score_summary.h"
#include "intr/attention/score_table.h"
#include "intr/io/output_tree.h"

namespace intr {

/// The folder that `intr-score maps` writes. Open it before anything is measured: what it refuses
/// is known at once. What an earlier run left and this one does not have goes only where
/// summary.json shows that there was one; other files stay.
class ScoreFolder {
 public:
  /// Makes the folder if needed. @throws EnvironmentError if it cannot be written, or something
  /// is in the way
  explicit ScoreFolder(std::string path);
  ScoreFolder(const ScoreFolder&) = delete;
  ScoreFolder& operator=(const ScoreFolder&) = delete;
  /// Removes the folder again if it was made for nothing.
  ~ScoreFolder();

  /// Writes everything; summary.json comes last.
  /// @param json    text of summary.json
  /// @param gallery address of a gallery's index.html as seen from the folder; "" for no links
  /// @throws EnvironmentError
  void write(const ScoreTable& table, const ScoreSummary& summary, const std::string& json,
             const std::string& gallery);

 private:
  std::string path_;
  bool made_, of_scores_;  ///< by this run; holds those of an earlier run
  std::optional<OutputTree> tree_;
};

/// An address of a gallery's index.html as seen from a folder, or "" with a warning if no file is
/// there. Web addresses are taken as they are.
std::string found_gallery(const std::string& folder, const std::string& address);

}  // namespace intr
