// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/class_scores.h"

#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "intr/attention/bootstrap.h"
#include "intr/attention/part_consistency.h"
#include "intr/attention/picture_names.h"
#include "intr/core/printable.h"

namespace intr {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Mean of what is there.
class MeanOfValues {
 public:
  void add(double value) {
    if (std::isnan(value)) return;
    sum_ += value;
    ++count_;
  }
  double get() const { return count_ > 0 ? sum_ / static_cast<double>(count_) : kNaN; }

 private:
  double sum_ = 0;
  std::int64_t count_ = 0;
};

/// Calls visit(id, value of a sample) for the measures that are summarized.
template <class Visit>
void for_each_measure(const SampleScores& scores, const Visit& visit) {
  for (const SampleMeasure measure : every<SampleMeasure>())
    if (facts_of(measure).summarized) visit(facts_of(measure).id, scores.values[measure]);
  for (const MapMeasure measure : every<MapMeasure>())
    if (facts_of(measure).summarized) visit(facts_of(measure).id, scores.mean.values[measure]);
}

PartConsistency consistency_of(const ScoreTable& table) {
  PartConsistency consistency(std::ssize(table.heads), std::ssize(table.part_names));
  for (std::size_t i = 0; i < table.samples.size(); ++i)
    consistency.add(table.samples[i].label, table.scores[i].part_hits);
  return consistency;
}

double mean_of(const std::vector<double>& values) {
  MeanOfValues mean;
  for (const double value : values) mean.add(value);
  return mean.get();
}

/// Places of the samples of each class that has one.
std::map<std::int32_t, std::vector<std::size_t>> samples_by_class(const ScoreTable& table) {
  std::map<std::int32_t, std::vector<std::size_t>> samples;
  for (std::size_t i = 0; i < table.samples.size(); ++i)
    if (table.samples[i].label >= 0) samples[table.samples[i].label].push_back(i);
  return samples;
}

}  // namespace

std::vector<std::string> class_column_ids() {
  std::vector<std::string> ids;
  for_each_measure({}, [&](const char* id, double) { ids.emplace_back(id); });
  return ids;
}

std::vector<ClassScores> scores_by_class(const ScoreTable& table) {
  const PartConsistency consistency = consistency_of(table);
  std::vector<ClassScores> classes;
  for (const auto& [label, places] : samples_by_class(table)) {
    ClassScores own;
    own.class_index = label;
    own.name = printable(class_name(table.facts, label));
    own.num_samples = std::ssize(places);
    std::vector<MeanOfValues> means(class_column_ids().size());
    for (const std::size_t i : places) {
      own.hits += table.scores[i].values[SampleMeasure::kRight] > 0 ? 1 : 0;
      std::size_t column = 0;
      for_each_measure(table.scores[i],
                       [&](const char*, double value) { means[column++].add(value); });
    }
    for (const MeanOfValues& mean : means) own.means.push_back(mean.get());
    own.consistent_heads = mean_of(consistency.heads_of(label));
    classes.push_back(std::move(own));
  }
  return classes;
}

MeasureSummary summarize_consistency(const ScoreTable& table, const ScoreOptions& options,
                                     std::int64_t threads, const std::function<bool()>& stop) {
  const PartConsistency consistency = consistency_of(table);
  const auto classes = samples_by_class(table);
  std::vector<double> shares;
  std::vector<std::vector<double>> heads(table.heads.size());
  for (const auto& [label, places] : classes) {
    const std::vector<double> own = consistency.heads_of(label);
    shares.push_back(mean_of(own));
    for (std::size_t n = 0; n < heads.size(); ++n) heads[n].push_back(own[n]);
  }
  UnitColumns columns(std::ssize(classes));
  columns.add(std::move(shares));
  for (std::vector<double>& head : heads) columns.add(std::move(head));
  const auto replicates =
      replicate_means(columns, options.replicates, philox_draws(columns.num_units(), options.seed),
                      threads, {}, stop);
  MeasureSummary summary{
      .id = "part_consistency",
      .title = "head-part consistency",
      .unit = "share",
      .definition =
          "pairs of class and head with a part (visible in at least 5 samples) that lies "
          "within 0.1 box diagonals of the peak in at least 80 % / all such pairs",
      .over = "classes",
      .all = estimate_of(columns, 0, replicates[0]),
      .heads = {},
      .baselines = {}};
  for (std::int64_t n = 1; n < columns.size(); ++n)
    summary.heads.push_back(estimate_of(columns, n, replicates[static_cast<std::size_t>(n)]));
  return summary;
}

}  // namespace intr
