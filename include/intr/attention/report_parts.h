// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

/// report.html is one page for both commands of intr-score. What each of them found lies between
/// two comments, so that the other command can take it over as it is. Data in the page are
/// escaped: none of them can pass for such a comment.
namespace intr {

enum class ScoreCommand { kMaps, kModel };

/// What the commands found, as HTML; "" if there is nothing.
struct ReportParts {
  std::string maps, model;
};

/// What a command found, from a report that was made before. Empty if no file is there, it is no
/// such report, or the part is of another dump; then a warning tells what goes.
/// @param path of report.html
std::string read_report_part(const std::string& path, ScoreCommand command,
                             const std::string& content_id);

/// One whole page of HTML: it needs no other file, no network and no script. Same arguments, same
/// bytes.
/// @param dump as the user named it; data
std::string report_page(const std::string& dump, const std::string& content_id,
                        const ReportParts& parts);

}  // namespace intr
