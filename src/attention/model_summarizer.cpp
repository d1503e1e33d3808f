// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_summarizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "intr/attention/bootstrap.h"
#include "intr/attention/model_curve.h"
#include "intr/attention/model_measures.h"
#include "intr/attention/temperature.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"

namespace intr {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A measure of which only the columns are known yet.
struct MeasureColumns {
  ModelMeasure measure;
  std::int64_t all = 0;
  std::vector<std::int64_t> heads;
  struct Baseline {
    const char* name;
    std::int64_t value, difference;
  };
  std::vector<Baseline> baselines;
};

struct CurveColumns {
  CurveKind kind;
  OrderKind order;
  /// [quantities][points]
  std::array<std::array<std::int64_t, std::tuple_size_v<CurveValues>>, kCurveQuantities.size()> at;
};

struct StageColumns {
  std::int64_t rank_correlation = 0, cosine = 0, box_mass = 0;
};

/// Columns over samples: first laid out, then drawn from, then read.
class ModelColumns {
 public:
  explicit ModelColumns(const ModelScoreTable& table)
      : table_(table), columns_(std::ssize(table.samples)), randomized_columns_(randomized(table)) {
    for (ModelMeasure& measure : model_measures(table.options)) lay_out(std::move(measure));
    if (table.options.wants("curves"))
      for (const CurveKind kind : kCurveKinds)
        for (const OrderKind order : kOrderKinds) lay_out(kind, order);
    lay_out_randomization();
  }

  void draw(std::int64_t threads, const std::function<void(std::int64_t)>& advance,
            const std::function<bool()>& stop) {
    const std::int64_t seed = table_.options.seed, count = table_.options.replicates;
    replicates_ = replicate_means(columns_, count, philox_draws(columns_.num_units(), seed),
                                  threads, advance, stop);
    randomized_replicates_ =
        replicate_means(randomized_columns_, count,
                        philox_draws(randomized_columns_.num_units(), seed), threads, {}, stop);
  }

  void fill(ModelSummary& summary) const {
    for (const MeasureColumns& columns : measures_) summary.measures.push_back(read(columns));
    for (const CurveColumns& columns : curves_) summary.curves.push_back(read(columns));
    for (std::size_t s = 0; s < stages_.size(); ++s)
      summary.randomization.push_back(
          {table_.stages[s], randomized_estimate(stages_[s].rank_correlation),
           randomized_estimate(stages_[s].cosine), randomized_estimate(stages_[s].box_mass)});
    summary.uniform_cosine = randomized_estimate(uniform_cosine_);
    summary.box_uniform = randomized_estimate(box_uniform_);
  }

 private:
  template <class Value>
  std::int64_t add(const Value& value) {
    std::vector<double> values;
    for (const ModelSampleScores& scores : table_.samples) values.push_back(value(scores));
    return columns_.add(std::move(values));
  }

  void lay_out(ModelMeasure measure) {
    MeasureColumns columns{{}, add(measure.value), {}, {}};
    if (measure.of_head)
      for (std::size_t n = 0; n < static_cast<std::size_t>(table_.facts.head_total); ++n)
        columns.heads.push_back(
            add([&](const ModelSampleScores& scores) { return measure.of_head(scores, n); }));
    for (const ModelMeasure::Baseline& baseline : measure.baselines)
      columns.baselines.push_back(
          {baseline.name, add(baseline.value), add([&](const ModelSampleScores& scores) {
             return measure.value(scores) - baseline.value(scores);
           })});
    columns.measure = std::move(measure);
    measures_.push_back(std::move(columns));
  }

  void lay_out(CurveKind kind, OrderKind order) {
    CurveColumns columns{kind, order, {}};
    for (std::size_t q = 0; q < kCurveQuantities.size(); ++q) {
      CurveValues missing;
      missing.fill(kNaN);
      std::vector<CurveValues> values;
      for (const ModelSampleScores& scores : table_.samples)
        values.push_back(scores.curves
                             ? curve_values(*scores.curves, kind, order, kCurveQuantities[q])
                             : missing);
      for (std::size_t t = 0; t < missing.size(); ++t) {
        std::vector<double> column;
        for (const CurveValues& own : values) column.push_back(own[t]);
        columns.at[q][t] = columns_.add(std::move(column));
      }
    }
    curves_.push_back(columns);
  }

  static std::int64_t randomized(const ModelScoreTable& table) {
    return std::ranges::count_if(table.samples, [](const ModelSampleScores& scores) {
      return scores.randomization.has_value();
    });
  }
  /// Only samples that the check looked at are units.
  template <class Value>
  std::int64_t add_randomized(const Value& value) {
    std::vector<double> values;
    for (const ModelSampleScores& scores : table_.samples)
      if (scores.randomization) values.push_back(value(*scores.randomization));
    return randomized_columns_.add(std::move(values));
  }

  void lay_out_randomization() {
    const auto add_number = [this](double RandomizationScores::*member) {
      return add_randomized([member](const RandomizationScores& scores) { return scores.*member; });
    };
    uniform_cosine_ = add_number(&RandomizationScores::uniform_cosine);
    box_uniform_ = add_number(&RandomizationScores::box_uniform);
    for (std::size_t s = 0; s < table_.stages.size(); ++s) {
      const auto add_of_stage = [this, s](double StageScores::*member) {
        return add_randomized(
            [s, member](const RandomizationScores& scores) { return scores.stages[s].*member; });
      };
      stages_.push_back({add_of_stage(&StageScores::rank_correlation),
                         add_of_stage(&StageScores::cosine), add_of_stage(&StageScores::box_mass)});
    }
  }

  Estimate estimate(std::int64_t column) const {
    return estimate_of(columns_, column, replicates_[static_cast<std::size_t>(column)]);
  }

  Estimate randomized_estimate(std::int64_t column) const {
    return estimate_of(randomized_columns_, column,
                       randomized_replicates_[static_cast<std::size_t>(column)]);
  }

  MeasureSummary read(const MeasureColumns& columns) const {
    const ModelMeasure& measure = columns.measure;
    MeasureSummary summary{measure.id,
                           measure.version,
                           measure.title,
                           measure.unit,
                           measure.definition,
                           "samples",
                           estimate(columns.all),
                           {},
                           {}};
    for (const std::int64_t head : columns.heads) summary.heads.push_back(estimate(head));
    for (const auto& [name, value, difference] : columns.baselines)
      summary.baselines.push_back({name, estimate(value), estimate(difference)});
    return summary;
  }

  CurveSummary read(const CurveColumns& columns) const {
    CurveSummary summary{name_of(columns.kind), name_of(columns.order), {}};
    const auto at = [&](CurveQuantity quantity, std::size_t t) {
      return estimate(columns.at[static_cast<std::size_t>(quantity)][t]);
    };
    for (std::size_t t = 0; t < columns.at[0].size(); ++t)
      summary.points.push_back(
          {curve_share(t), at(CurveQuantity::kProbability, t), at(CurveQuantity::kMargin, t),
           at(CurveQuantity::kProbabilityNormalized, t), at(CurveQuantity::kMarginNormalized, t)});
    return summary;
  }

  const ModelScoreTable& table_;
  UnitColumns columns_, randomized_columns_;
  std::vector<MeasureColumns> measures_;
  std::vector<CurveColumns> curves_;
  std::int64_t uniform_cosine_ = 0, box_uniform_ = 0;
  std::vector<StageColumns> stages_;
  std::vector<std::vector<double>> replicates_, randomized_replicates_;  ///< [columns][replicates]
};

/// Scores come from files: one of another model must not be read past its end.
void require_fit(const ModelScoreTable& table) {
  for (const ModelSampleScores& scores : table.samples) {
    if (scores.heads && std::ssize(scores.heads->effect) != table.facts.head_total)
      throw DataError(fmt::format("sample {} has scores of {} heads, the model has {}",
                                  scores.sample_id, scores.heads->effect.size(),
                                  table.facts.head_total));
    if (scores.randomization && scores.randomization->stages.size() != table.stages.size())
      throw DataError(fmt::format("sample {} has scores of {} random stages, not {}",
                                  scores.sample_id, scores.randomization->stages.size(),
                                  table.stages.size()));
  }
}

TemperatureFit temperature_of(const ModelScoreTable& table) {
  std::vector<LabeledLogits> labeled;
  const auto is_finite = [](float logit) { return std::isfinite(logit); };
  for (const ModelSampleScores& scores : table.samples)
    if (scores.label >= 0 && scores.label < std::ssize(scores.logits) &&
        std::ranges::all_of(scores.logits, is_finite))
      labeled.push_back({scores.logits, scores.label});
  return fit_temperature(labeled);
}

ModelSummary facts_of(const ModelScoreTable& table) {
  ModelSummary summary;
  summary.dump = table.dump;
  summary.content_id = table.facts.content_id;
  summary.model_hash = table.facts.model_hash;
  summary.dataset_id = table.facts.dataset_id;
  summary.split = table.facts.split;
  summary.precision = table.facts.precision;
  summary.layer = table.layer;
  summary.target = table.options.target;
  summary.map = table.options.map;
  summary.ablation = table.options.ablate;
  for (std::int64_t n = 0; n < table.facts.head_total; ++n)
    summary.heads.push_back(static_cast<std::int32_t>(n));
  for (const std::string& name : table.facts.classes) summary.classes.push_back(printable(name));
  summary.num_samples = std::ssize(table.samples);
  summary.samples_in_dump = table.samples_in_dump;
  summary.complete = table.facts.complete;
  summary.samples_planned = summary.complete ? table.samples_in_dump : table.facts.samples_planned;
  const bool curves = table.options.wants("curves");
  for (const ModelSampleScores& scores : table.samples) {
    summary.without_target += scores.target < 0 ? 1 : 0;
    summary.without_map += curves && scores.target >= 0 && !scores.curves ? 1 : 0;
    summary.labeled += scores.label >= 0 ? 1 : 0;
    summary.hits += scores.label >= 0 && scores.label == scores.predicted ? 1 : 0;
    summary.randomization_samples += scores.randomization ? 1 : 0;
  }
  summary.forward_passes = table.forward_passes;
  summary.replicates = table.options.replicates;
  summary.seed = table.options.seed;
  return summary;
}

}  // namespace

ModelSummary summarize_model(const ModelScoreTable& table, std::int64_t threads,
                             const std::function<void(std::int64_t)>& advance,
                             const std::function<bool()>& stop) {
  require_fit(table);
  ModelSummary summary = facts_of(table);
  ModelColumns columns(table);
  columns.draw(threads, advance, stop);
  if (stop && stop()) return summary;
  columns.fill(summary);
  summary.temperature = temperature_of(table);
  return summary;
}

}  // namespace intr
