// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_files.h"

#include <filesystem>
#include <set>
#include <system_error>

#include "intr/attention/model_report.h"
#include "intr/attention/score_report.h"

namespace intr {

namespace {

namespace fs = std::filesystem;

constexpr const char* kReport = "report.html";

/// Whether a report of this command may have written a file of this name.
bool is_plot_name(const std::string& name, ScoreCommand command) {
  if (!name.ends_with(".svg")) return false;
  if (command == ScoreCommand::kModel) return name.starts_with("model-");
  return name.starts_with("heads-") || name == "contrast-margin.svg" || name == "calibration.svg" ||
         name == "head-part.svg";
}

std::string part_there(const ReportFolder& folder, ScoreCommand command,
                       const std::string& content_id) {
  return read_report_part(folder.path() + "/" + kReport, command, content_id);
}

}  // namespace

void remove_other_plots(const ReportFolder& folder, ScoreCommand command,
                        const std::vector<ScorePlot>& plots) {
  std::set<std::string> kept;
  for (const ScorePlot& plot : plots) kept.insert(plot.name);
  std::error_code unreadable;  // then there is nothing of ours in it
  std::vector<fs::path> leftovers;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(folder.path() + "/plots", unreadable)) {
    const std::string name = entry.path().filename().string();
    if (is_plot_name(name, command) && !kept.contains("plots/" + name))
      leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) fs::remove(leftover, unreadable);
}

void write_report_files(ReportFolder& folder, const ScoreSummary& summary,
                        const std::vector<ScorePlot>& plots, const std::string& gallery) {
  for (const ScorePlot& plot : plots) folder.put(plot.name, plot.svg);
  const ReportParts parts{.maps = score_sections(summary, plots, {.gallery = gallery}),
                          .model = part_there(folder, ScoreCommand::kModel, summary.content_id)};
  folder.put(kReport, report_page(summary.dump, summary.content_id, parts));
}

void write_report_files(ReportFolder& folder, const ModelSummary& summary,
                        const std::vector<ScorePlot>& plots, const std::string& gallery) {
  for (const ScorePlot& plot : plots) folder.put(plot.name, plot.svg);
  const ReportParts parts{.maps = part_there(folder, ScoreCommand::kMaps, summary.content_id),
                          .model = model_sections(summary, plots, {.gallery = gallery})};
  folder.put(kReport, report_page(summary.dump, summary.content_id, parts));
}

}  // namespace intr
