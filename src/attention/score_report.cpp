// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_report.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>

#include "intr/attention/calibration.h"
#include "intr/attention/embedded_text.h"
#include "intr/attention/measure_note.h"
#include "intr/attention/report_tables.h"
#include "intr/attention/score_warnings.h"
#include "intr/attention/svg_axis.h"
#include "intr/attention/svg_text.h"

namespace intr {

namespace {

using Kind = ScorePlot::Kind;

std::string section(std::string_view title, std::string_view words, const std::string& contents) {
  if (contents.empty()) return {};
  return fmt::format("<section>\n<h2>{}</h2>\n{}{}</section>\n", title,
                     words.empty() ? "" : fmt::format("<p class=\"pale\">{}</p>\n", words),
                     contents);
}

std::string tile(const std::string& value, std::string_view name) {
  return fmt::format("<li><b>{}</b> <span>{}</span></li>\n", value, name);
}

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

std::string fact(std::string_view name, const std::string& value) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, value);
}

std::string code(const std::string& text) { return "<code>" + markup_text(text) + "</code>"; }

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

std::string figures(const std::vector<ScorePlot>& plots, bool heads) {
  std::string html;
  for (const ScorePlot& plot : plots) {
    if ((plot.kind == Kind::kHeads) != heads) continue;
    html += "<figure>\n" + plot.svg;
    html += fmt::format("<figcaption><a href=\"{}\">{}</a></figcaption>\n", page_address(plot.name),
                        markup_text(plot.name.substr(plot.name.rfind('/') + 1)));
    html += "</figure>\n";
  }
  if (html.empty()) return {};
  return "<div class=\"plots\">\n" + html + "</div>\n";
}

std::string about(const ScoreSummary& summary) {
  std::string html;
  for (const MeasureSummary& measure : summary.measures)
    if (measure.all.n > 0)
      html += fmt::format(
          "<dt id=\"about-{}\">{}</dt><dd>{}<small>{} (<code>{}</code>, definition "
          "{})</small></dd>\n",
          page_address(measure.id), markup_text(measure.title), measure_note(measure.id),
          markup_text(measure.definition), markup_text(measure.id), measure.version);
  std::vector<std::string> seen;
  for (const MeasureSummary& measure : summary.measures)
    for (const ScoreBaseline& baseline : measure.baselines) {
      bool known = baseline_note(baseline.name).empty() || measure.all.n == 0;
      for (const std::string& name : seen) known |= name == baseline.name;
      if (known) continue;
      seen.push_back(baseline.name);
      html += fmt::format("<dt>baseline: {}</dt><dd>{}</dd>\n",
                          markup_text(printed_name(baseline.name)), baseline_note(baseline.name));
    }
  return html.empty() ? html : "<dl class=\"about\">\n" + html + "</dl>\n";
}

std::string files(const ScoreSummary& summary, const ReportLinks& links) {
  std::string html = "<ul class=\"files\">\n";
  constexpr std::pair<std::string_view, std::string_view> kFiles[] = {
      {"samples.csv", "a line a sample, a column a measure"},
      {"heads.csv", "a line a sample and head"},
      {"classes.csv", "means of each class"},
      {"parts.csv", "the part nearest to each head"},
      {"summary.json", "measures with their intervals, definitions and options"}};
  for (const auto& [name, meaning] : kFiles)
    if (summary.has_parts || name != "parts.csv")
      html += fmt::format("<li><a href=\"{0}\">{0}</a>: {1}</li>\n", name, meaning);
  if (!links.gallery.empty())
    html += fmt::format("<li><a href=\"{}\">gallery</a>: the maps over their pictures</li>\n",
                        page_address(links.gallery));
  return html + "</ul>\n";
}

std::string body_of(const ScoreSummary& summary, const std::vector<ScorePlot>& plots,
                    const ReportLinks& links) {
  std::string html = fmt::format(
      "<header>\n<h1>What the class queries attend to, measured</h1>\n<p class=\"origin\">{}</p>\n",
      markup_text(summary.dump));
  html += banner(summary) + tiles(summary) + facts(summary) + "</header>\n";
  html += section(
      "Measures",
      fmt::format("Means over samples, or over classes where n counts those, with 95&nbsp;% "
                  "percentile bootstrap intervals. Differences to baselines are paired: "
                  "sample by sample. {}",
                  interval_note()),
      summary.measures.empty() ? "" : measure_table(summary));
  html +=
      section("Head by head",
              "Each measure of the single heads, with 95&nbsp;% intervals. “all” is the heads "
              "together: for most measures that of their mean map, which is not the mean of the "
              "bars. Where there are dots, the axis does not begin at zero.",
              figures(plots, true));
  html += section("Contrast, calibration, parts", "", figures(plots, false));
  html += section("Mixed up most often", "", confusion_table(summary, links.gallery));
  const std::string classes = class_tables(summary, links.gallery);
  html +=
      section("Classes", "", classes.empty() ? "" : "<div class=\"side\">" + classes + "</div>\n");
  html += section("What the measures mean",
                  "Attention says where a query gathers its evidence, not that the evidence there "
                  "changed the answer. Effects are measured by running the model again.",
                  about(summary));
  return html + section("Files", "", files(summary, links));
}

/// The text with one mark replaced.
std::string filled_in(std::string_view text, std::string_view mark, std::string_view by) {
  const std::size_t place = text.find(mark);
  return std::string(text.substr(0, place)) + std::string(by) +
         std::string(text.substr(place + mark.size()));
}

}  // namespace

std::string score_report(const ScoreSummary& summary, const std::vector<ScorePlot>& plots,
                         const ReportLinks& links) {
  // Data come last: what they hold must not be taken for one of the marks.
  constexpr std::string_view kBody = "@BODY@", kTitle = "@TITLE@";
  const std::string frame =
      filled_in(embedded_text("report.html"), "@STYLE@", embedded_text("report.css"));
  const std::size_t title = frame.find(kTitle), body = frame.find(kBody);
  const std::size_t after = title + kTitle.size();
  return frame.substr(0, title) + markup_text("Attention scores of " + summary.dump) +
         frame.substr(after, body - after) + body_of(summary, plots, links) +
         frame.substr(body + kBody.size());
}

}  // namespace intr
