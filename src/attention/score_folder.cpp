// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_folder.h"

#include <array>
#include <utility>
#include <vector>

#include "intr/attention/report_files.h"
#include "intr/attention/score_csv.h"

namespace intr {

namespace {

constexpr std::array kFiles = {"samples.csv", "heads.csv",   "classes.csv",
                               "parts.csv",   "report.html", "summary.json"};

}  // namespace

ScoreFolder::ScoreFolder(std::string path) : folder_(std::move(path), kFiles) {}

void ScoreFolder::write(const ScoreTable& table, const ScoreSummary& summary,
                        const std::string& json, const std::string& gallery) {
  const bool again = folder_.holds("summary.json", "intr-scores");
  folder_.put("samples.csv", samples_csv(table));
  folder_.put("heads.csv", heads_csv(table));
  folder_.put("classes.csv", classes_csv(summary));
  if (summary.has_parts)
    folder_.put("parts.csv", parts_csv(summary));
  else if (again)
    folder_.remove("parts.csv");
  const std::vector<ScorePlot> plots = score_plots(summary);
  if (again) remove_other_plots(folder_, ScoreCommand::kMaps, plots);
  write_report_files(folder_, summary, plots, gallery);
  folder_.put("summary.json", json);
  folder_.finish();
}

}  // namespace intr
