// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_folder.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "intr/attention/report_files.h"
#include "intr/attention/report_tables.h"
#include "intr/attention/score_csv.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/io/json_file.h"

namespace intr {

namespace {

namespace fs = std::filesystem;

/// Names below the folder are this program's own: what is wrong with them is not the data's fault.
template <class Work>
void as_environment(const Work& work) {
  try {
    work();
  } catch (const DataError& error) {
    throw EnvironmentError(error.what());
  }
}

bool holds_scores(const std::string& folder) {
  try {
    const auto summary = read_json(folder + "/summary.json");
    return summary.is_object() && summary.value("format", "") == "intr-scores";
  } catch (const std::exception&) {  // none, or another program's
    return false;
  }
}

void refuse_obstacles(const std::string& folder) {
  std::error_code unknown;  // then writing tells
  for (const char* name :
       {"samples.csv", "heads.csv", "classes.csv", "parts.csv", "report.html", "summary.json"})
    if (const fs::path path = fs::path(folder) / name; fs::is_directory(path, unknown))
      throw EnvironmentError("a folder where a file is needed", printable(path.string()),
                             "remove it, or choose another folder");
}

}  // namespace

std::string found_gallery(const std::string& folder, const std::string& address) {
  std::error_code unknown;
  if (address.empty() || is_web_address(address)) return address;
  const fs::path page = fs::path(folder) / address;
  if (fs::is_regular_file(page, unknown)) return address;
  log::warning(
      "{}: no gallery is there; the report does not link to it. Next: run this again "
      "once intr-render gallery has drawn it",
      printable(page.string()));
  return {};
}

ScoreFolder::ScoreFolder(std::string path) : path_(std::move(path)) {
  std::error_code unknown;
  made_ = !fs::exists(path_, unknown);
  of_scores_ = holds_scores(path_);
  as_environment([&] { tree_.emplace(path_); });
  refuse_obstacles(path_);
}

ScoreFolder::~ScoreFolder() {
  tree_.reset();
  std::error_code not_empty;
  if (made_) fs::remove(path_, not_empty);
}

void ScoreFolder::write(const ScoreTable& table, const ScoreSummary& summary,
                        const std::string& json, const std::string& gallery) {
  const auto put = [&](const char* name, const std::string& text) {
    tree_->write(name, std::as_bytes(std::span(text)));
  };
  as_environment([&] {
    put("samples.csv", samples_csv(table));
    put("heads.csv", heads_csv(table));
    put("classes.csv", classes_csv(summary));
    std::error_code kept;
    if (summary.has_parts)
      put("parts.csv", parts_csv(summary));
    else if (of_scores_)
      fs::remove(path_ + "/parts.csv", kept);
    const std::vector<ScorePlot> plots = score_plots(summary);
    if (of_scores_) remove_other_plots(path_, plots);
    write_report_files(*tree_, summary, plots, gallery);
    put("summary.json", json);
    tree_->finish();
  });
}

}  // namespace intr
