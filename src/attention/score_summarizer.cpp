// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_summarizer.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "intr/attention/bootstrap.h"
#include "intr/attention/calibration.h"
#include "intr/attention/class_scores.h"
#include "intr/attention/part_consistency.h"
#include "intr/core/printable.h"

namespace intr {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
using Value = std::function<double(const SampleScores&)>;
using Replicates = std::vector<std::vector<double>>;

Value value_of(SampleMeasure measure) {
  return [measure](const SampleScores& scores) { return scores.values[measure]; };
}
Value value_of(MapMeasure measure) {
  return [measure](const SampleScores& scores) { return scores.mean.values[measure]; };
}
Value value_of(MapMeasure measure, std::size_t head) {
  return [=](const SampleScores& scores) { return scores.heads[head].values[measure]; };
}

/// What a measure is compared with.
struct BaselineFacts {
  MapMeasure of;
  const char* name;
  Value value;
};
std::vector<BaselineFacts> all_baselines() {
  return {{MapMeasure::kBoxMass, "uniform", value_of(SampleMeasure::kBoxUniform)},
          {MapMeasure::kBoxMass, "center_prior", value_of(SampleMeasure::kBoxCenterPrior)},
          {MapMeasure::kPointing0, "chance", value_of(SampleMeasure::kPointing0Chance)},
          {MapMeasure::kPointing15, "chance", value_of(SampleMeasure::kPointing15Chance)},
          {MapMeasure::kPartCoverage, "chance", value_of(MapMeasure::kPartChance)}};
}

/// A measure of which only the columns are known yet.
struct MeasureColumns {
  const MeasureFacts* facts = nullptr;
  std::int64_t all = 0;
  std::vector<std::int64_t> heads;
  struct Baseline {
    const char* name;
    std::int64_t value, difference;
  };
  std::vector<Baseline> baselines;
};

/// Columns over samples: first laid out, then drawn from, then read.
class SampleSummarizer {
 public:
  explicit SampleSummarizer(const ScoreTable& table)
      : table_(table), columns_(std::ssize(table.samples)) {
    for (const SampleMeasure measure : every<SampleMeasure>())
      if (facts_of(measure).summarized)
        measures_.push_back({&facts_of(measure), add(value_of(measure)), {}, {}});
    for (const MapMeasure measure : every<MapMeasure>())
      if (facts_of(measure).summarized) measures_.push_back(lay_out(measure));
    lay_out_parts();
    lay_out_calibration();
  }

  void draw(const ScoreOptions& options, std::int64_t threads,
            const std::function<void(std::int64_t)>& advance, const std::function<bool()>& stop) {
    replicates_ =
        replicate_means(columns_, options.replicates,
                        philox_draws(columns_.num_units(), options.seed), threads, advance, stop);
  }

  std::vector<MeasureSummary> measures() const {
    std::vector<MeasureSummary> all;
    for (const MeasureColumns& columns : measures_) {
      const MeasureFacts& facts = *columns.facts;
      MeasureSummary summary{
          facts.id,  facts.version,         facts.title, facts.unit, facts.definition,
          "samples", estimate(columns.all), {},          {}};
      for (const std::int64_t head : columns.heads) summary.heads.push_back(estimate(head));
      for (const auto& [name, value, difference] : columns.baselines)
        summary.baselines.push_back({name, estimate(value), estimate(difference)});
      all.push_back(std::move(summary));
    }
    return all;
  }

  PartShares part_shares() const {
    PartShares parts;
    for (const std::string& name : table_.part_names) parts.parts.push_back(printable(name));
    parts.visible = visible_;
    for (const std::vector<std::int64_t>& head : shares_) {
      parts.shares.emplace_back();
      for (const std::int64_t column : head) parts.shares.back().push_back(estimate(column));
    }
    return parts;
  }

  MeasureSummary focus() const {
    MeasureSummary summary{.id = "part_focus",
                           .title = "focus on one part",
                           .unit = "",
                           .definition =
                               "1 - E(shares of nearest parts) / ln K, over the K parts "
                               "that are seen; of all heads: their mean",
                           .over = "samples",
                           .all = {kNaN, kNaN, kNaN, 0, columns_.num_units()},
                           .heads = {},
                           .baselines = {}};
    const std::size_t count = replicates_.empty() ? 0 : replicates_[0].size();
    std::vector<double> mean_of_heads(count, 0.0);
    double sum = 0;
    for (const std::vector<std::int64_t>& head : shares_) {
      Estimate own = estimate(head.empty() ? kNoColumn : head[0]);  // counts of samples
      own.mean = focus_of(head, [&](std::int64_t column) { return columns_.mean(column); });
      std::vector<double> drawn(count);
      for (std::size_t r = 0; r < count; ++r) {
        drawn[r] = focus_of(head, [&](std::int64_t column) { return replicates_of(column)[r]; });
        mean_of_heads[r] += drawn[r] / static_cast<double>(shares_.size());
      }
      set_interval(own, drawn);
      sum += own.mean;
      summary.all.n = own.n;
      summary.all.num_nan = own.num_nan;
      summary.heads.push_back(own);
    }
    if (shares_.empty()) return summary;
    summary.all.mean = sum / static_cast<double>(shares_.size());
    set_interval(summary.all, mean_of_heads);
    return summary;
  }

  /// ECE = sum over bins of |mean over samples of (right - probability) in the bin|.
  MeasureSummary calibration(std::span<const CalibrationBin> bins) const {
    Estimate own = estimate(gaps_[0]);
    own.mean = calibration_error(bins);
    std::vector<double> drawn(replicates_of(gaps_[0]).size(), 0.0);
    for (std::size_t r = 0; r < drawn.size(); ++r)
      for (const std::int64_t gap : gaps_) drawn[r] += std::abs(replicates_of(gap)[r]);
    set_interval(own, drawn);
    return {.id = "calibration_error",
            .title = "expected calibration error",
            .unit = "",
            .definition = "mean |accuracy - probability| of 15 bins of equal width",
            .over = "samples",
            .all = own,
            .heads = {},
            .baselines = {}};
  }

 private:
  static constexpr std::int64_t kNoColumn = -1;

  std::int64_t add(const Value& value) {
    std::vector<double> values;
    for (const SampleScores& scores : table_.scores) values.push_back(value(scores));
    return columns_.add(std::move(values));
  }

  MeasureColumns lay_out(MapMeasure measure) {
    const Value own = value_of(measure);
    MeasureColumns columns{&facts_of(measure), add(own), {}, {}};
    for (std::size_t n = 0; n < table_.heads.size(); ++n)
      columns.heads.push_back(add(value_of(measure, n)));
    for (const BaselineFacts& baseline : all_baselines()) {
      if (baseline.of != measure) continue;
      const auto difference = [&](const SampleScores& scores) {
        return own(scores) - baseline.value(scores);
      };
      columns.baselines.push_back({baseline.name, add(baseline.value), add(difference)});
    }
    return columns;
  }

  void lay_out_parts() {
    shares_.resize(table_.heads.size());
    visible_.assign(table_.part_names.size(), 0);
    for (const SampleScores& scores : table_.scores)
      for (std::size_t k = 0; k < scores.part_visible.size(); ++k)
        visible_[k] += scores.part_visible[k];
    for (std::size_t n = 0; n < shares_.size(); ++n)
      for (std::size_t k = 0; k < visible_.size(); ++k)
        shares_[n].push_back(add([n, k](const SampleScores& scores) {
          const std::int32_t nearest = scores.heads[n].nearest_part;
          return nearest < 0 ? kNaN : nearest == static_cast<std::int32_t>(k) ? 1.0 : 0.0;
        }));
  }

  void lay_out_calibration() {
    for (std::int64_t bin = 0; bin < kNumCalibrationBins; ++bin)
      gaps_.push_back(add([bin](const SampleScores& scores) {
        const double right = scores.values[SampleMeasure::kRight];
        const double probability = scores.values[SampleMeasure::kProbability];
        if (std::isnan(right) || std::isnan(probability)) return kNaN;
        return calibration_bin(probability) == bin ? right - probability : 0.0;
      }));
  }

  const std::vector<double>& replicates_of(std::int64_t column) const {
    return replicates_[static_cast<std::size_t>(column)];
  }
  Estimate estimate(std::int64_t column) const {
    if (column == kNoColumn) return {kNaN, kNaN, kNaN, 0, columns_.num_units()};
    return estimate_of(columns_, column, replicates_of(column));
  }

  double focus_of(const std::vector<std::int64_t>& head,
                  const std::function<double(std::int64_t)>& share_of) const {
    std::vector<double> shares;
    for (std::size_t k = 0; k < head.size(); ++k)
      if (visible_[k] > 0) shares.push_back(share_of(head[k]));
    return part_focus(shares);
  }

  const ScoreTable& table_;
  UnitColumns columns_;
  std::vector<MeasureColumns> measures_;
  std::vector<std::vector<std::int64_t>> shares_;  ///< [N][K] columns: 1 where k is nearest
  std::vector<std::int64_t> visible_;              ///< [K] samples
  std::vector<std::int64_t> gaps_;  ///< columns: right - probability where it is in the bin
  Replicates replicates_;           ///< [columns][replicates]
};

std::vector<SamplePoint> points_of(const ScoreTable& table) {
  std::vector<SamplePoint> points;
  for (std::size_t i = 0; i < table.samples.size(); ++i) {
    const DumpSample& sample = table.samples[i];
    const SampleScores& scores = table.scores[i];
    const std::int32_t predicted = sample.top_class.empty() ? -1 : sample.top_class[0];
    points.push_back(
        {sample.sample_id, sample.label, predicted, scores.values[SampleMeasure::kRight] > 0,
         scores.values[SampleMeasure::kProbability], scores.values[SampleMeasure::kClassMargin],
         scores.mean.values[MapMeasure::kClassContrast]});
  }
  return points;
}

std::vector<CalibrationBin> bins_of(const ScoreTable& table) {
  std::vector<double> probabilities;
  std::vector<std::uint8_t> right;
  for (const SampleScores& scores : table.scores) {
    const double hit = scores.values[SampleMeasure::kRight];
    const double probability = scores.values[SampleMeasure::kProbability];
    if (std::isnan(hit) || std::isnan(probability)) continue;
    probabilities.push_back(probability);
    right.push_back(hit > 0 ? 1 : 0);
  }
  return calibration_bins(probabilities, right);
}

ScoreSummary facts_of_dump(const ScoreTable& table, const ScoreOptions& options,
                           const std::string& dump) {
  ScoreSummary summary;
  summary.dump = dump;
  summary.content_id = table.facts.content_id;
  summary.model_hash = table.facts.model_hash;
  summary.dataset_id = table.facts.dataset_id;
  summary.split = table.facts.split;
  summary.complete = table.facts.complete;
  summary.samples_in_dump = table.samples_in_dump;
  summary.samples_planned = summary.complete ? table.samples_in_dump : table.facts.samples_planned;
  summary.geometry = options.geometry;
  summary.mass = options.mass;
  summary.replicates = options.replicates;
  summary.seed = options.seed;
  summary.layer = table.layer;
  summary.query = options.query;
  summary.heads = table.heads;
  summary.head_total = table.facts.head_total;
  for (const std::string& name : table.facts.classes) summary.classes.push_back(printable(name));
  summary.num_samples = std::ssize(table.samples);
  for (const DumpSample& sample : table.samples) summary.labeled += sample.label >= 0 ? 1 : 0;
  for (const SampleScores& scores : table.scores) {
    summary.hits += scores.values[SampleMeasure::kRight] > 0 ? 1 : 0;
    summary.without_maps += scores.has_maps ? 0 : 1;
  }
  summary.has_boxes = table.has_boxes;
  summary.has_parts = table.has_parts;
  summary.boxes_outside = table.boxes_outside;
  summary.confusions = table.confusions;
  return summary;
}

}  // namespace

ScoreSummary summarize(const ScoreTable& table, const ScoreOptions& options,
                       const std::string& dump, std::int64_t threads,
                       const std::function<void(std::int64_t)>& advance,
                       const std::function<bool()>& stop) {
  ScoreSummary summary = facts_of_dump(table, options, dump);
  SampleSummarizer samples(table);
  samples.draw(options, threads, advance, stop);
  if (stop && stop()) return summary;
  summary.measures = samples.measures();
  summary.calibration = bins_of(table);
  summary.measures.push_back(samples.calibration(summary.calibration));
  summary.measures.push_back(summarize_consistency(table, options, threads, stop));
  summary.measures.push_back(samples.focus());
  summary.part_shares = samples.part_shares();
  summary.class_columns = class_column_ids();
  summary.class_scores = scores_by_class(table);
  summary.samples = points_of(table);
  return summary;
}

}  // namespace intr
