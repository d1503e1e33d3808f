// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_folder.h"

#include <array>
#include <utility>
#include <vector>

#include "intr/attention/model_json.h"
#include "intr/attention/model_plots.h"
#include "intr/attention/report_files.h"

namespace intr {

namespace {

struct NamedText {
  const char* name;
  std::string ModelFiles::*text;
};
constexpr std::array kTables = {NamedText{"model-samples.csv", &ModelFiles::samples_csv},
                                NamedText{"model-heads.csv", &ModelFiles::heads_csv},
                                NamedText{"curves.csv", &ModelFiles::curves_csv},
                                NamedText{"randomization.csv", &ModelFiles::randomization_csv}};

constexpr std::array kFiles = {"model-samples.csv", "model-heads.csv", "curves.csv",
                               "randomization.csv", "report.html",     "model.json"};

}  // namespace

ModelFolder::ModelFolder(std::string path) : folder_(std::move(path), kFiles) {}

void ModelFolder::write(const ModelFiles& files, const ModelSummary& summary,
                        const std::string& gallery) {
  const bool again = folder_.holds("model.json", kModelScoresFormat);
  for (const NamedText& table : kTables) {
    if (const std::string& text = files.*table.text; !text.empty())
      folder_.put(table.name, text);
    else if (again)
      folder_.remove(table.name);
  }
  const std::vector<ScorePlot> plots = model_plots(summary);
  if (again) remove_other_plots(folder_, ScoreCommand::kModel, plots);
  write_report_files(folder_, summary, plots, gallery);
  folder_.put("model.json", files.json);
  folder_.finish();
}

}  // namespace intr
