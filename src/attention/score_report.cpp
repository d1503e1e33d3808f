// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_report.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "intr/attention/calibration.h"
#include "intr/attention/measure_note.h"
#include "intr/attention/report_tables.h"
#include "intr/attention/score_warnings.h"
#include "intr/attention/svg_axis.h"
#include "intr/attention/svg_text.h"

namespace intr {

namespace {

using Kind = ScorePlot::Kind;

std::string tiles(const ScoreSummary& summary) {
  std::string html =
      "<ul class=\"tiles\">\n" + tile(grouped_digits(summary.num_samples), "samples");
  html += tile(shown_percent(summary.hits, summary.labeled),
               fmt::format("accuracy{}, {} of {} labeled samples right",
                           summary.selection.empty() ? "" : " of the selection",
                           grouped_digits(summary.hits), grouped_digits(summary.labeled)));
  if (const double error = calibration_error(summary.calibration); std::isfinite(error))
    html += tile(shown_number(error), "expected calibration error");
  html +=
      tile(grouped_digits(std::ssize(summary.class_scores)),
           fmt::format("classes with samples, of {}", grouped_digits(std::ssize(summary.classes))));
  return html + "</ul>\n";
}

std::string banner(const ScoreSummary& summary) {
  std::string html;
  for (const std::string& warning : score_warnings(summary))
    html += fmt::format("<p class=\"warning\">{}.</p>\n", markup_text(warning));
  return html;
}

std::string facts(const ScoreSummary& summary) {
  const std::string places = summary.has_boxes && summary.has_parts ? "boxes and parts"
                             : summary.has_boxes                    ? "boxes"
                             : summary.has_parts                    ? "parts"
                                                                    : "neither boxes nor parts";
  std::string heads;
  for (const std::int32_t head : summary.heads)
    heads += fmt::format("{}{}", heads.empty() ? "" : ", ", head);
  if (!heads.empty() && summary.head_total > 0) heads += fmt::format(" of {}", summary.head_total);
  return "<dl class=\"facts\">\n" + fact("split", markup_text(summary.split)) +
         fact("samples", summary.selection.empty()
                             ? "all that the dump holds"
                             : fmt::format("selected by {}", code(summary.selection))) +
         fact("maps of", fmt::format("the {} class's query, decoder layer {}",
                                     markup_text(summary.query), summary.layer)) +
         fact("heads", heads.empty() ? "their mean alone" : heads) + fact("annotation", places) +
         fact("options", fmt::format("{} geometry, mass {:.4g}, {} replicates, seed {}",
                                     markup_text(summary.geometry), summary.mass,
                                     grouped_digits(summary.replicates), summary.seed)) +
         fact("dump", code(summary.content_id)) + fact("model", code(summary.model_hash)) +
         fact("data", code(summary.dataset_id)) + "</dl>\n";
}

std::string files(const ScoreSummary& summary, const ReportLinks& links) {
  std::vector<std::pair<std::string_view, std::string_view>> files = {
      {"samples.csv", "a line a sample, a column a measure"},
      {"heads.csv", "a line a sample and head"},
      {"classes.csv", "means of each class"}};
  if (summary.has_parts) files.emplace_back("parts.csv", "the part nearest to each head");
  files.emplace_back("summary.json", "measures with their intervals, definitions and options");
  return file_list(files, links);
}

}  // namespace

std::string score_sections(const ScoreSummary& summary, const std::vector<ScorePlot>& plots,
                           const ReportLinks& links) {
  std::string html = part_title("The maps by themselves",
                                "From the dump alone: how sharp the maps are, whether heads and "
                                "classes differ, what they hit.");
  html += banner(summary) + tiles(summary) + facts(summary);
  html += section(
      "Measures",
      fmt::format("Means over samples, or over classes where n counts those, with 95&nbsp;% "
                  "percentile bootstrap intervals. Differences to baselines are paired: "
                  "sample by sample. {}",
                  interval_note()),
      measure_table(summary.measures));
  html +=
      section("Head by head",
              "Each measure of the single heads, with 95&nbsp;% intervals. “all” is the heads "
              "together: for most measures that of their mean map, which is not the mean of the "
              "bars. Where there are dots, the axis does not begin at zero.",
              figures(plots, {Kind::kHeads}));
  html += section("Contrast, calibration, parts", "",
                  figures(plots, {Kind::kContrast, Kind::kCalibration, Kind::kParts}));
  html += section("Mixed up most often", "", confusion_table(summary, links.gallery));
  const std::string classes = class_tables(summary, links.gallery);
  html +=
      section("Classes", "", classes.empty() ? "" : "<div class=\"side\">" + classes + "</div>\n");
  html += section("What the measures mean",
                  "Attention says where a query gathers its evidence, not that the evidence there "
                  "changed the answer. Effects are measured by running the model again.",
                  about_measures(summary.measures, baseline_note));
  return html + section("Files", "", files(summary, links));
}

}  // namespace intr
