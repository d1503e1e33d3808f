// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include "intr/attention/measure_note.h"
#include "intr/attention/svg_axis.h"
#include "intr/attention/svg_text.h"

namespace intr {

namespace {

constexpr std::size_t kMostClasses = 10;  // at either end
constexpr std::size_t kMostConfusions = 20;
constexpr std::size_t kMostColumns = 3;

/// Everything but letters, digits and some marks as percent codes.
std::string encoded(std::string_view text, std::string_view also_plain) {
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       also_plain.find(c) != std::string_view::npos;
    result += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

/// Text that leads to a view of the gallery, if there is one.
std::string linked(const std::string& text, const std::string& gallery, const std::string& view) {
  if (gallery.empty()) return markup_text(text);
  return fmt::format("<a href=\"{}#{}\">{}</a>", page_address(gallery), markup_text(view),
                     markup_text(text));
}

/// A cell that says what it is where the table is shown as a list.
std::string cell(std::string_view label, const std::string& contents) {
  return fmt::format("<td data-label=\"{}\">{}</td>", markup_text(label), contents);
}

std::string interval_text(const Estimate& estimate) {
  if (!std::isfinite(estimate.low) || !std::isfinite(estimate.high)) return shown_number(NAN);
  return fmt::format("{} to {}", shown_number(estimate.low), shown_number(estimate.high));
}

std::string difference_text(const Estimate& difference) {
  const std::string sign = difference.mean > 0 ? "+" : "";
  if (!std::isfinite(difference.low) || !std::isfinite(difference.high))
    return sign + shown_number(difference.mean);
  return fmt::format("{}{} ({})", sign, shown_number(difference.mean), interval_text(difference));
}

/// A table shown as a list leaves out what is not there.
std::string baseline_cell(std::string_view label, const std::string& lines) {
  if (lines.empty()) return fmt::format("<td class=\"none\">{}</td>", shown_number(NAN));
  return cell(label, "<div>" + lines + "</div>");
}

std::string measure_row(const MeasureSummary& measure, bool with_baselines) {
  std::string baselines, differences;
  for (const ScoreBaseline& baseline : measure.baselines) {
    baselines += fmt::format("<div>{} {}</div>", markup_text(printed_name(baseline.name)),
                             shown_number(baseline.value.mean));
    differences += fmt::format("<div>{}</div>", difference_text(baseline.difference));
  }
  const std::string unit =
      measure.unit.empty()
          ? ""
          : fmt::format(" <small>{}</small>", markup_text(printed_unit(measure.unit)));
  return fmt::format("<tr><th scope=\"row\"><a href=\"#about-{}\">{}</a>{}</th>",
                     encoded(measure.id, "_-"), markup_text(measure.title), unit) +
         cell("mean", "<b>" + shown_number(measure.all.mean) + "</b>") +
         cell("95 % interval", interval_text(measure.all)) +
         cell("n", grouped_digits(measure.all.n) + (measure.over == "classes" ? " classes" : "")) +
         cell("missing", grouped_digits(measure.all.num_nan)) +
         (with_baselines
              ? baseline_cell("baseline", baselines) + baseline_cell("difference", differences)
              : "") +
         "</tr>\n";
}

/// By accuracy; ties as class_tables says.
bool is_worse(const ClassScores& a, const ClassScores& b) {
  const std::int64_t left = a.hits * b.num_samples, right = b.hits * a.num_samples;
  if (left != right) return left < right;
  if (a.num_samples != b.num_samples) return a.num_samples > b.num_samples;
  return a.class_index < b.class_index;
}

bool is_better(const ClassScores& a, const ClassScores& b) {
  const std::int64_t left = a.hits * b.num_samples, right = b.hits * a.num_samples;
  if (left != right) return left > right;
  if (a.num_samples != b.num_samples) return a.num_samples > b.num_samples;
  return a.class_index < b.class_index;
}

std::string title_of(const ScoreSummary& summary, const std::string& id) {
  for (const MeasureSummary& measure : summary.measures)
    if (measure.id == id) return measure.title;
  return printed_name(id);
}

/// Places in class_columns of those that say most about attention and have values.
std::vector<std::size_t> shown_columns(const ScoreSummary& summary) {
  std::vector<std::size_t> shown;
  for (const char* id : {"class_contrast", "box_mass", "part_coverage", "entropy_normalized"}) {
    const auto found = std::ranges::find(summary.class_columns, id);
    const auto column = static_cast<std::size_t>(found - summary.class_columns.begin());
    bool any = false;
    for (const ClassScores& one : summary.class_scores)
      any |= column < one.means.size() && std::isfinite(one.means[column]);
    if (any && shown.size() < kMostColumns) shown.push_back(column);
  }
  return shown;
}

std::string class_table(const ScoreSummary& summary, const std::string& caption,
                        std::span<const ClassScores> classes, const std::string& gallery) {
  const std::vector<std::size_t> columns = shown_columns(summary);
  std::vector<std::string> titles;
  std::string head;
  for (const std::size_t column : columns) {
    titles.push_back(title_of(summary, summary.class_columns[column]));
    head += fmt::format("<th scope=\"col\">{}</th>", markup_text(titles.back()));
  }
  std::string html = fmt::format(
      "<div class=\"table\"><table><caption>{}</caption>\n<thead><tr><th scope=\"col\">class</th>"
      "<th scope=\"col\">right</th><th scope=\"col\">accuracy</th>{}</tr></thead>\n<tbody>\n",
      markup_text(caption), head);
  for (const ClassScores& one : classes) {
    html += fmt::format("<tr><th scope=\"row\">{}</th>",
                        linked(one.name, gallery, "label=" + encoded(one.name, "-._")));
    html += cell("right", fmt::format("{} of {}", grouped_digits(one.hits),
                                      grouped_digits(one.num_samples))) +
            cell("accuracy", shown_percent(one.hits, one.num_samples));
    for (std::size_t at = 0; at < columns.size(); ++at)
      html += cell(titles[at],
                   shown_number(columns[at] < one.means.size() ? one.means[columns[at]] : NAN));
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace

std::string grouped_digits(std::int64_t number) {
  const std::string digits = fmt::format("{}", number);
  std::string grouped;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    const bool after_digit = at > 0 && digits[at - 1] != '-';
    if (after_digit && (digits.size() - at) % 3 == 0) grouped += ',';
    grouped += digits[at];
  }
  return grouped;
}

std::string shown_percent(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return shown_number(NAN);
  const std::int64_t tenths = (2000 * part + whole) / (2 * whole);  // halves go up, as elsewhere
  return fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

std::string measure_table(std::span<const MeasureSummary> measures) {
  if (measures.empty()) return {};
  std::string html =
      "<div class=\"table\"><table class=\"measures\"><thead><tr><th scope=\"col\">measure</th>"
      "<th scope=\"col\">mean</th><th scope=\"col\">95 % interval</th><th scope=\"col\">n</th>"
      "<th scope=\"col\">missing</th>";
  bool baselines = false;
  for (const MeasureSummary& measure : measures)
    baselines |= measure.all.n > 0 && !measure.baselines.empty();
  if (baselines) html += "<th scope=\"col\">baseline</th><th scope=\"col\">difference</th>";
  html += "</tr></thead>\n<tbody>\n";
  std::string without;
  for (const MeasureSummary& measure : measures)
    if (measure.all.n > 0)
      html += measure_row(measure, baselines);
    else
      without.append(without.empty() ? "" : ", ").append(markup_text(measure.title));
  html += "</tbody></table></div>\n";
  if (!without.empty())
    html += fmt::format("<p class=\"pale\">Without any value: {}.</p>\n", without);
  return html;
}

std::string class_tables(const ScoreSummary& summary, const std::string& gallery) {
  std::vector<ClassScores> classes;
  for (const ClassScores& one : summary.class_scores)
    if (one.num_samples > 0) classes.push_back(one);
  if (classes.empty()) return {};
  std::ranges::sort(classes, is_worse);
  if (classes.size() <= 2 * kMostClasses)
    return class_table(summary, "All classes, lowest accuracy first", classes, gallery);
  const std::span<const ClassScores> worst(classes.data(), kMostClasses);
  std::string html = class_table(summary, "Lowest accuracy", worst, gallery);
  std::ranges::sort(classes, is_better);
  const std::span<const ClassScores> best(classes.data(), kMostClasses);
  return html + class_table(summary, "Highest accuracy", best, gallery);
}

std::string confusion_table(const ScoreSummary& summary, const std::string& gallery) {
  if (summary.confusions.empty()) return {};
  const auto name = [&](std::int32_t number) {
    const auto at = static_cast<std::size_t>(number);
    return number >= 0 && at < summary.classes.size() ? summary.classes[at]
                                                      : fmt::format("class {}", number);
  };
  const std::size_t shown = std::min(summary.confusions.size(), kMostConfusions);
  std::string html =
      "<div class=\"table narrow\"><table><thead><tr><th scope=\"col\">true class</th>"
      "<th scope=\"col\" class=\"name\">taken for</th><th scope=\"col\">samples</th></tr></thead>\n"
      "<tbody>\n";
  for (std::size_t at = 0; at < shown; ++at) {
    const Confusion& confusion = summary.confusions[at];
    const std::string label = name(confusion.pair.label), other = name(confusion.pair.predicted);
    const std::string view =
        "label=" + encoded(label, "-._") + "&predicted=" + encoded(other, "-._");
    html += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"name\" data-label=\"taken for\">{}</td>",
        linked(label, gallery, view), markup_text(other));
    html += cell("samples", grouped_digits(confusion.count)) + "</tr>\n";
  }
  html += "</tbody></table></div>\n";
  if (shown < summary.confusions.size())
    html += fmt::format("<p class=\"pale\">{} of {} pairs.</p>\n", shown,
                        grouped_digits(static_cast<std::int64_t>(summary.confusions.size())));
  return html;
}

bool is_web_address(const std::string& address) {
  return address.starts_with("https://") || address.starts_with("http://");
}

std::string page_address(const std::string& path) {
  if (!is_web_address(path)) return encoded(path, "-._~/");
  const std::size_t rest = path.find("://") + 3;  // which may be encoded already
  return path.substr(0, rest) + encoded(std::string_view(path).substr(rest), "-._~/:%?=");
}

}  // namespace intr
