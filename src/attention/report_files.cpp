// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_files.h"

#include <filesystem>
#include <set>
#include <span>
#include <system_error>

#include "intr/attention/score_report.h"

namespace intr {

namespace {

namespace fs = std::filesystem;

/// Whether a report may have written a file of this name.
bool is_plot_name(const std::string& name) {
  if (name == "contrast-margin.svg" || name == "calibration.svg" || name == "head-part.svg")
    return true;
  return name.starts_with("heads-") && name.ends_with(".svg");
}

}  // namespace

void remove_other_plots(const std::string& folder, const std::vector<ScorePlot>& plots) {
  std::set<std::string> kept;
  for (const ScorePlot& plot : plots) kept.insert(plot.name);
  std::error_code unreadable;  // then there is nothing of ours in it
  std::vector<fs::path> leftovers;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder + "/plots", unreadable)) {
    const std::string name = entry.path().filename().string();
    if (is_plot_name(name) && !kept.contains("plots/" + name)) leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) fs::remove(leftover, unreadable);
}

void write_report_files(OutputTree& tree, const ScoreSummary& summary,
                        const std::vector<ScorePlot>& plots, const std::string& gallery) {
  const auto write = [&](const std::string& path, const std::string& text) {
    tree.write(path, std::as_bytes(std::span(text)));
  };
  for (const ScorePlot& plot : plots) write(plot.name, plot.svg);
  write("report.html", score_report(summary, plots, {.gallery = gallery}));
}

}  // namespace intr
