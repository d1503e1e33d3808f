// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "intr/attention/measure_note.h"
#include "intr/attention/report_tables.h"
#include "intr/attention/svg_text.h"

namespace intr {

namespace {

std::string pale(std::string_view words) {
  return words.empty() ? std::string() : fmt::format("<p class=\"pale\">{}</p>\n", words);
}

/// The baselines of measures that have values, each once.
std::vector<std::string> baselines_of(std::span<const MeasureSummary> measures) {
  std::vector<std::string> names;
  for (const MeasureSummary& measure : measures)
    for (const ScoreBaseline& baseline : measure.baselines)
      if (measure.all.n > 0 && std::ranges::find(names, baseline.name) == names.end())
        names.push_back(baseline.name);
  return names;
}

}  // namespace

std::string part_title(std::string_view title, std::string_view words) {
  return fmt::format("<h2>{}</h2>\n{}", title, pale(words));
}

std::string section(std::string_view title, std::string_view words, const std::string& contents) {
  if (contents.empty()) return {};
  return fmt::format("<section>\n<h3>{}</h3>\n{}{}</section>\n", title, pale(words), contents);
}

std::string tile(const std::string& value, std::string_view name) {
  return fmt::format("<li><b>{}</b> <span>{}</span></li>\n", value, name);
}

std::string fact(std::string_view name, const std::string& value) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, value);
}

std::string code(const std::string& text) {
  return fmt::format("<code>{}</code>", markup_text(text));
}

std::string figures(std::span<const ScorePlot> plots,
                    std::initializer_list<ScorePlot::Kind> kinds) {
  std::string html;
  for (const ScorePlot& plot : plots) {
    if (std::ranges::find(kinds, plot.kind) == kinds.end()) continue;
    html += fmt::format("<figure>\n{}<figcaption><a href=\"{}\">{}</a></figcaption>\n</figure>\n",
                        plot.svg, page_address(plot.name),
                        markup_text(plot.name.substr(plot.name.rfind('/') + 1)));
  }
  return html.empty() ? html : fmt::format("<div class=\"plots\">\n{}</div>\n", html);
}

std::string about_measures(std::span<const MeasureSummary> measures,
                           std::string_view (*baseline)(const std::string& name)) {
  std::string html;
  for (const MeasureSummary& measure : measures)
    if (measure.all.n > 0)
      html += fmt::format(
          "<dt id=\"about-{}\">{}</dt><dd>{}<small>{} (<code>{}</code>, definition "
          "{})</small></dd>\n",
          page_address(measure.id), markup_text(measure.title), measure_note(measure.id),
          markup_text(measure.definition), markup_text(measure.id), measure.version);
  for (const std::string& name : baselines_of(measures))
    if (const std::string_view note = baseline(name); !note.empty())
      html +=
          fmt::format("<dt>baseline: {}</dt><dd>{}</dd>\n", markup_text(printed_name(name)), note);
  return html.empty() ? html : fmt::format("<dl class=\"about\">\n{}</dl>\n", html);
}

std::string file_list(std::span<const std::pair<std::string_view, std::string_view>> files,
                      const ReportLinks& links) {
  std::string html;
  for (const auto& [name, meaning] : files)
    html += fmt::format("<li><a href=\"{0}\">{0}</a>: {1}</li>\n", name, meaning);
  if (!links.gallery.empty())
    html += fmt::format("<li><a href=\"{}\">gallery</a>: the maps over their pictures</li>\n",
                        page_address(links.gallery));
  return fmt::format("<ul class=\"files\">\n{}</ul>\n", html);
}

}  // namespace intr
