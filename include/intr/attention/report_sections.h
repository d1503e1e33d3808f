// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "intr/attention/score_plots.h"
#include "intr/attention/score_summary.h"

/// What the sections of report.html are made of, as HTML. Names are data: escaped. Words are ours:
/// taken as they are.
namespace intr {

/// What lies beside the report.
struct ReportLinks {
  /// Address of a gallery's index.html as seen from the report, such as "../gallery/index.html";
  /// "" if there is none.
  std::string gallery;
};

/// The name and the opening words of what one command found.
std::string part_title(std::string_view title, std::string_view words);

/// A title, pale words and contents. Empty if the contents are.
std::string section(std::string_view title, std::string_view words, const std::string& contents);

/// A large number in a list of class "tiles".
std::string tile(const std::string& value, std::string_view name);

/// A line of a definition list of class "facts".
std::string fact(std::string_view name, const std::string& value);

/// Data as code.
std::string code(const std::string& text);

/// The plots of these kinds with links to their files. Empty if there are none.
std::string figures(std::span<const ScorePlot> plots, std::initializer_list<ScorePlot::Kind> kinds);

/// What measures that have values mean, and their baselines. Empty if there are none.
/// @param baseline what a baseline of this name is
std::string about_measures(std::span<const MeasureSummary> measures,
                           std::string_view (*baseline)(const std::string& name));

/// A line a file that lies beside the report, and one for the gallery if there is one.
/// @param files names and what they hold
std::string file_list(std::span<const std::pair<std::string_view, std::string_view>> files,
                      const ReportLinks& links);

}  // namespace intr
