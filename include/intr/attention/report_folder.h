// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>

#include "intr/io/output_tree.h"

namespace intr {

/// The folder of a report, which both commands of intr-score write. Open it before anything is
/// measured: what it refuses is known at once.
class ReportFolder {
 public:
  /// Makes the folder if needed.
  /// @param files names that will be written
  /// @throws EnvironmentError if it cannot be written, or something is in the way
  ReportFolder(std::string path, std::span<const char* const> files);
  ReportFolder(const ReportFolder&) = delete;
  ReportFolder& operator=(const ReportFolder&) = delete;
  /// Removes the folder again if it was made for nothing.
  ~ReportFolder();

  const std::string& path() const noexcept { return path_; }
  /// Whether a file is there that is a JSON object of this "format": an earlier run's.
  bool holds(const char* name, const char* format) const;
  /// Writes a file. @throws EnvironmentError
  void put(const std::string& name, const std::string& text);
  /// Removes a file, if it is there.
  void remove(const char* name) noexcept;
  /// Waits until everything is on the disk. @throws EnvironmentError
  void finish();

 private:
  std::string path_;
  bool made_;  ///< by this run
  std::optional<OutputTree> tree_;
};

/// An address of a page as seen from a folder, or "" with a warning if no file is there. Web
/// addresses are taken as they are.
/// @param maker the program that writes the page, for the warning
std::string found_page(const std::string& folder, const std::string& address,
                       const std::string& maker);

}  // namespace intr
