// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/sample_scores.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "intr/attention/cell_places.h"
#include "intr/attention/map_measures.h"
#include "intr/attention/place_measures.h"
#include "intr/attention/sample_maps.h"
#include "intr/attention/verdict.h"

namespace intr {

namespace {

using Map = std::vector<double>;
constexpr double kMargin = 15;  // pixels around the box of the second pointing game

/// The classes whose maps are measured and compared.
struct QueryPair {
  std::int64_t slot = -1, other_slot = -1;  ///< -1: not stored
  double margin = std::nan("");             ///< of their logits
};

QueryPair find_queries(const DumpSample& sample, std::int32_t own) {
  QueryPair pair;
  if (own < 0) return pair;
  pair.slot = slot_of_class(sample, own);
  const auto other = std::find_if(sample.top_class.begin(), sample.top_class.end(),
                                  [own](std::int32_t best) { return best != own; });
  if (other == sample.top_class.end()) return pair;
  pair.other_slot = slot_of_class(sample, *other);
  if (pair.slot >= 0)
    pair.margin = static_cast<double>(sample.logit[static_cast<std::size_t>(pair.slot)]) -
                  static_cast<double>(
                      sample.top_logit[static_cast<std::size_t>(other - sample.top_class.begin())]);
  return pair;
}

/// The maps of one query.
struct QueryMaps {
  std::vector<Map> heads;  ///< single ones
  Map mean;
};

QueryMaps maps_of(const SampleMaps& maps, const DumpFacts& facts, std::int64_t layer,
                  std::int64_t slot) {
  QueryMaps all;
  for (const std::int64_t head : maps.single_heads())
    all.heads.push_back(normalized_map(maps.head(layer, slot, head)));
  const bool mean_stored =
      std::find(facts.heads.begin(), facts.heads.end(), kHeadMean) != facts.heads.end();
  all.mean = mean_stored ? normalized_map(maps.mean(layer, slot)) : mean_map(all.heads);
  return all;
}

/// What the maps of a sample are held against, made once for all of them.
class MapScorer {
 public:
  MapScorer(const CellPlaces& places, const SampleAnnotation& annotation)
      : places_(places), annotation_(annotation) {
    if (!annotation.box) return;
    shares_ = places.shares_in(*annotation.box);
    uniform_ = mass_in(Map(shares_.size(), 1 / static_cast<double>(shares_.size())), shares_);
  }

  MapScores score(const Map& map, const Map* other) const {
    MapScores scores;
    const auto set = [&](MapMeasure measure, double value) { scores.values[measure] = value; };
    const std::int64_t cells = std::ssize(map);
    const double entropy = map_entropy(map);
    set(MapMeasure::kEntropy, entropy);
    if (cells > 1)
      set(MapMeasure::kEntropyNormalized, entropy / std::log(static_cast<double>(cells)));
    set(MapMeasure::kEffectiveArea, effective_area(entropy, cells));
    const std::int64_t peak = peak_cell(map);
    const PicturePoint point = places_.point(peak);
    set(MapMeasure::kPeak, map[static_cast<std::size_t>(peak)]);
    set(MapMeasure::kPeakUniform, static_cast<double>(cells) * map[static_cast<std::size_t>(peak)]);
    set(MapMeasure::kPeakX, point.x);
    set(MapMeasure::kPeakY, point.y);
    const PicturePoint center = center_of_mass(map, places_);
    set(MapMeasure::kCenterX, center.x);
    set(MapMeasure::kCenterY, center.y);
    set(MapMeasure::kSpread, map_spread(map, places_, center));
    if (other != nullptr) set(MapMeasure::kClassContrast, js_divergence(map, *other));
    score_box(map, point, scores);
    const NearestPart nearest = nearest_part(point, annotation_.parts);
    scores.nearest_part = nearest.part;
    if (annotation_.box && annotation_.box->diagonal() > 0)
      set(MapMeasure::kPartDistance, nearest.distance / annotation_.box->diagonal());
    return scores;
  }

  void score_baselines(SampleScores& scores) const {
    if (!annotation_.box) return;
    scores.values[SampleMeasure::kBoxUniform] = uniform_;
    scores.values[SampleMeasure::kBoxCenterPrior] = mass_in(center_prior(places_), shares_);
    scores.values[SampleMeasure::kPointing0Chance] = pointing_chance(places_, *annotation_.box, 0);
    scores.values[SampleMeasure::kPointing15Chance] =
        pointing_chance(places_, *annotation_.box, kMargin);
  }

  /// Parts in the cells of a set.
  void score_parts(std::span<const std::uint8_t> in_set, MapScores& scores) const {
    const double chance =
        static_cast<double>(std::count(in_set.begin(), in_set.end(), std::uint8_t{1})) /
        static_cast<double>(in_set.size());
    const double coverage = part_coverage(in_set, places_, annotation_.parts);
    if (std::isnan(coverage)) return;
    scores.values[MapMeasure::kPartCoverage] = coverage;
    scores.values[MapMeasure::kPartChance] = chance;
    scores.values[MapMeasure::kPartLift] = coverage / chance;
  }

 private:
  void score_box(const Map& map, const PicturePoint& peak, MapScores& scores) const {
    if (!annotation_.box) return;
    const double mass = mass_in(map, shares_);
    scores.values[MapMeasure::kBoxMass] = mass;
    if (uniform_ > 0) scores.values[MapMeasure::kBoxLift] = mass / uniform_;
    scores.values[MapMeasure::kPointing0] = annotation_.box->holds(peak) ? 1 : 0;
    scores.values[MapMeasure::kPointing15] = annotation_.box->holds(peak, kMargin) ? 1 : 0;
  }

  const CellPlaces& places_;
  const SampleAnnotation& annotation_;
  Map shares_;          ///< of each cell in the box
  double uniform_ = 0;  ///< mass of a uniform map in the box
};

/// Part coverage of each head, and of all heads together: in the cells of any of them.
void score_coverage(const QueryMaps& maps, const MapScorer& scorer, double mass,
                    SampleScores& scores) {
  std::vector<std::uint8_t> any(maps.mean.size(), 0);
  const auto cells_of = [&](const Map& map) {
    std::vector<std::uint8_t> in_set(map.size(), 0);
    for (const std::int64_t cell : smallest_set(map, mass)) {
      in_set[static_cast<std::size_t>(cell)] = 1;
      any[static_cast<std::size_t>(cell)] = 1;
    }
    return in_set;
  };
  for (std::size_t n = 0; n < maps.heads.size(); ++n)
    scorer.score_parts(cells_of(maps.heads[n]), scores.heads[n]);
  if (maps.heads.empty()) cells_of(maps.mean);
  scorer.score_parts(any, scores.mean);
}

void score_heads_together(const QueryMaps& maps, SampleScores& scores) {
  std::vector<double> entropies;
  for (const MapScores& head : scores.heads) entropies.push_back(head.values[MapMeasure::kEntropy]);
  scores.values[SampleMeasure::kCosineDiversity] = cosine_diversity(maps.heads);
  scores.values[SampleMeasure::kInformationDiversity] =
      information_diversity(maps.heads, entropies);
}

void score_verdict(const DumpSample& sample, const Verdict& verdict, SampleScores& scores) {
  if (verdict.labeled) scores.values[SampleMeasure::kRight] = verdict.right ? 1 : 0;
  if (sample.top_class.empty()) return;
  // log_z is rounded to float32, so that the quotient may pass 1.
  scores.values[SampleMeasure::kProbability] = std::min(verdict.probability, 1.0);
  if (sample.top_class.size() > 1) scores.values[SampleMeasure::kMargin] = verdict.margin;
}

}  // namespace

SampleScores score_sample(const DumpFacts& facts, const DumpSample& sample,
                          std::vector<float> values, const SampleAnnotation& annotation,
                          const ScoreSetup& setup) {
  const SampleMaps stored(facts, sample, std::move(values));
  SampleScores scores;
  scores.heads.resize(stored.single_heads().size());
  const Verdict verdict = judge(sample);
  score_verdict(sample, verdict, scores);
  const QueryPair queries =
      find_queries(sample, setup.of_predicted ? verdict.predicted : sample.label);
  if (queries.slot < 0) return scores;  // baselines of other samples than measures mislead
  scores.has_maps = true;
  for (const PartPoint& part : annotation.parts)
    scores.part_visible.push_back(part.visible ? 1 : 0);
  const CellPlaces places(sample, facts.stride, setup.geometry);
  const MapScorer scorer(places, annotation);
  scorer.score_baselines(scores);
  scores.values[SampleMeasure::kClassMargin] = queries.margin;
  const QueryMaps own = maps_of(stored, facts, setup.layer, queries.slot);
  std::optional<QueryMaps> other;
  if (queries.other_slot >= 0) other = maps_of(stored, facts, setup.layer, queries.other_slot);
  scores.mean = scorer.score(own.mean, other ? &other->mean : nullptr);
  std::vector<PicturePoint> peaks;
  for (std::size_t n = 0; n < own.heads.size(); ++n) {
    scores.heads[n] = scorer.score(own.heads[n], other ? &other->heads[n] : nullptr);
    peaks.push_back(
        {scores.heads[n].values[MapMeasure::kPeakX], scores.heads[n].values[MapMeasure::kPeakY]});
  }
  score_heads_together(own, scores);
  score_coverage(own, scorer, setup.mass, scores);
  if (annotation.box && !annotation.parts.empty())
    scores.part_hits = part_hits(peaks, annotation.parts, *annotation.box);
  return scores;
}

}  // namespace intr
