// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_report.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>

#include "intr/attention/measure_note.h"
#include "intr/attention/model_score_options.h"
#include "intr/attention/model_warnings.h"
#include "intr/attention/plot_frame.h"
#include "intr/attention/report_tables.h"
#include "intr/attention/svg_axis.h"
#include "intr/attention/svg_text.h"
#include "intr/attention/temperature.h"

namespace intr {

namespace {

using Kind = ScorePlot::Kind;

std::string shown(const Estimate& estimate) {
  return shown_interval(estimate.mean, estimate.low, estimate.high);
}

/// How far an area is from that of cells in random order; empty if it was not measured.
std::string difference_tile(const ModelSummary& summary, std::string_view kind,
                            std::string_view good) {
  const MeasureSummary* area =
      find_measure(summary.measures, fmt::format("{}_margin_normalized", kind));
  if (area == nullptr) return {};
  for (const ScoreBaseline& baseline : area->baselines)
    if (baseline.name == "random" && baseline.difference.n > 0)
      return tile(fmt::format("{}{}", baseline.difference.mean > 0 ? "+" : "",
                              shown_number(baseline.difference.mean)),
                  fmt::format("{} area, map minus random order; {} is good", kind, good));
  return {};
}

std::string tiles(const ModelSummary& summary) {
  std::string html = tile(grouped_digits(summary.num_samples), "samples");
  html += tile(shown_percent(summary.hits, summary.labeled),
               fmt::format("accuracy, {} of {} labeled samples right", grouped_digits(summary.hits),
                           grouped_digits(summary.labeled)));
  html += difference_tile(summary, "deletion", "below 0");
  html += difference_tile(summary, "insertion", "above 0");
  const MeasureSummary* needed = find_measure(summary.measures, "heads_needed");
  if (needed != nullptr && needed->all.n > 0)
    html += tile(shown_number(needed->all.mean),
                 fmt::format("of {} heads needed on average", std::ssize(summary.heads)));
  return fmt::format("<ul class=\"tiles\">\n{}</ul>\n", html);
}

std::string warning(const std::string& text) {
  return fmt::format("<p class=\"warning\">{}.</p>\n", text);
}

std::string banner(const ModelSummary& summary) {
  std::string html;
  for (const std::string& text : model_warnings(summary)) html += warning(markup_text(text));
  return html;
}

/// The option --map in words.
std::string map_words(const std::string& map) {
  if (map == "mean") return "the mean map of the heads";
  if (const auto head = head_of(map)) return fmt::format("the map of head {}", *head);
  if (map == "value") return "value-weighted attribution, largest first";
  if (map == "rollout") return "attention rollout";
  return markup_text(map);
}

std::string_view ablation_words(const std::string& ablation) {
  return ablation == "zero" ? "weights of zero" : "the same weight for all cells";
}

std::string facts(const ModelSummary& summary) {
  std::string html = fact("split", markup_text(summary.split));
  html += fact("samples",
               fmt::format("{} of {} that the dump holds", grouped_digits(summary.num_samples),
                           grouped_digits(summary.samples_in_dump)));
  html += fact("evidence for", fmt::format("the {} class, decoder layer {}",
                                           markup_text(summary.target), summary.layer));
  html += fact("cells ordered by", map_words(summary.map));
  html += fact("a head taken away has", std::string(ablation_words(summary.ablation)));
  html += fact("forward passes", fmt::format("{}, {}", grouped_digits(summary.forward_passes),
                                             markup_text(summary.precision)));
  html += fact("options", fmt::format("{} replicates, seed {}", grouped_digits(summary.replicates),
                                      summary.seed));
  html += fact("dump", code(summary.content_id)) + fact("model", code(summary.model_hash)) +
          fact("data", code(summary.dataset_id));
  return fmt::format("<dl class=\"facts\">\n{}</dl>\n", html);
}

std::string curves(const std::vector<ScorePlot>& plots) {
  return section(
      "Deletion and insertion",
      "Cells of the picture are blanked one after another, the map’s strongest first (deletion), "
      "or given back to a blurred picture (insertion), and the network looks again. If it uses "
      "what the map shows, the deletion curve falls sooner and the insertion curve rises sooner "
      "than with cells in random order or from the center outwards. The normalized margin is 0 "
      "for the picture without any cell and 1 for the whole one; the probability is shown beside "
      "the margin because alone it can mislead. Bands are 95&nbsp;% intervals.",
      figures(plots, {Kind::kDeletion}) + figures(plots, {Kind::kInsertion}));
}

std::string heads(const ModelSummary& summary, const std::vector<ScorePlot>& plots) {
  std::string words = fmt::format(
      "In decoder layer {} the attention of one head is taken away ({} instead), and the decoder "
      "runs on from there. The effect is what the target’s margin loses: above 0 the head "
      "carried evidence for the class. “all” is all heads at once. Then the head that is missed "
      "least goes, again and again, as long as the answer stays: what is left is enough for it.",
      summary.layer, ablation_words(summary.ablation));
  const MeasureSummary* needed = find_measure(summary.measures, "heads_needed");
  if (needed != nullptr && needed->all.n > 0)
    words += fmt::format(" On average that is {} of {} heads.", shown(needed->all),
                         std::ssize(summary.heads));
  return section("Heads taken away", words, figures(plots, {Kind::kHeadsRemoved}));
}

/// The presence vector comes behind attention: without it, maps are the same to the last bit.
std::string first_stage_fault(const ModelSummary& summary) {
  if (summary.randomization.empty()) return {};
  const RandomizationStage& first = summary.randomization.front();
  if (first.rank_correlation.n == 0 || first.rank_correlation.mean == 1) return {};
  return warning(fmt::format("The first row, {}, reads {} instead of 1: these numbers are wrong",
                             markup_text(first.name), shown_number(first.rank_correlation.mean)));
}

std::string randomization(const ModelSummary& summary, const std::vector<ScorePlot>& plots) {
  const std::string pictures = figures(plots, {Kind::kRandomization});
  return section(
      "Randomization",
      fmt::format(
          "Parts of the network get random weights, from its top to its stem, one more a row, and "
          "its maps are compared with the original ones ({} samples). Maps that show what was "
          "learned lose all likeness on the way down: rank correlation goes to 0, cosine to that "
          "of a uniform map. Maps that stay alike show the picture’s structure, not the network’s "
          "knowledge (Adebayo et al., 2018). The first row must read exactly 1: the presence "
          "vector cannot change a map.",
          grouped_digits(summary.randomization_samples)),
      pictures.empty() ? pictures : first_stage_fault(summary) + pictures);
}

std::string temperature(const TemperatureFit& fit) {
  if (fit.n == 0) return {};
  if (const std::string none = no_best_temperature(fit); !none.empty())
    return section("Temperature", "", fmt::format("<p>{}</p>\n", none));
  const std::string_view verdict = fit.temperature > 1   ? "surer of itself than it should be"
                                   : fit.temperature < 1 ? "less sure of itself than it could be"
                                                         : "as sure of itself as it should be";
  const std::string worth =
      std::isnan(fit.loss_after)
          ? "What that is worth cannot be told: halves of the samples are too few, or all right."
          : fmt::format(
                "The negative log-likelihood goes from {} to {} nats and the expected "
                "calibration error from {} to {}, each half of the samples with the "
                "temperature of the other half.",
                shown_number(fit.loss_before), shown_number(fit.loss_after),
                shown_number(fit.error_before), shown_number(fit.error_after));
  return section(
      "Temperature", "",
      fmt::format("<p>Dividing all logits by <b>{}</b> fits the {} labeled samples best: the "
                  "network is {} (Guo et al., 2017). {} No answer and no map changes.</p>\n",
                  shown_number(fit.temperature), grouped_digits(fit.n), verdict, worth));
}

std::string files(const ModelSummary& summary, const ReportLinks& links) {
  std::vector<std::pair<std::string_view, std::string_view>> files = {
      {"model-samples.csv", "a line a sample, a column a measure"}};
  if (find_measure(summary.measures, "head_effect") != nullptr)
    files.emplace_back("model-heads.csv", "a line a sample and head");
  if (!summary.curves.empty())
    files.emplace_back("curves.csv", "deletion and insertion, a line a point");
  if (!summary.randomization.empty())
    files.emplace_back("randomization.csv", "how alike maps are after each stage");
  files.emplace_back("model.json", "measures with their intervals, definitions and options");
  return file_list(files, links);
}

}  // namespace

std::string model_sections(const ModelSummary& summary, const std::vector<ScorePlot>& plots,
                           const ReportLinks& links) {
  std::string html = part_title(
      "The network, run again",
      "Attention says where a query gathers its evidence. Whether the evidence there changes the "
      "answer shows when the network runs again: on changed pictures, without some of its heads, "
      "with random weights.");
  html += banner(summary) + tiles(summary) + facts(summary);
  html += section("Measures",
                  "Means over samples with 95&nbsp;% percentile bootstrap intervals. Baselines are "
                  "the same measures with cells in another order; differences to them are paired: "
                  "sample by sample.",
                  measure_table(summary.measures));
  html += curves(plots) + heads(summary, plots) + randomization(summary, plots);
  html += temperature(summary.temperature);
  html += section("What the measures mean", "", about_measures(summary.measures, order_note));
  return html + section("Files", "", files(summary, links));
}

}  // namespace intr
