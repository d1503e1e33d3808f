// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/score_summary.h"

/// What `intr-score model` says about its samples, for its files and for pictures of it.
namespace intr {

/// One point of a mean curve, with intervals.
struct CurvePoint {
  double share = 0;  ///< of the cells that are changed, t / T
  Estimate probability, margin;
  /// (f - f_blank) / (f_full - f_blank) of each sample; samples where full and blank are closer
  /// than 1e-3 have none.
  Estimate probability_normalized, margin_normalized;
};

struct CurveSummary {
  std::string kind;   ///< "deletion" or "insertion"
  std::string order;  ///< "map", "random" (mean of three orders of each sample) or "center_prior"
  std::vector<CurvePoint> points;  ///< T + 1
};

/// The network after one more of its parts was made random.
struct RandomizationStage {
  std::string name;  ///< such as "decoder layer 5"
  Estimate rank_correlation, cosine, box_mass;
};

/// softmax(z / T) with the T that fits labels best (Guo et al., ICML 2017, sec. 4.2). Each half of
/// the samples is judged with the temperature of the other half.
struct TemperatureFit {
  std::int64_t n = 0;  ///< labeled samples; 0 = nothing was fitted
  double temperature = 0;
  double loss_before = 0, loss_after = 0;    ///< negative log-likelihood, nats
  double error_before = 0, error_after = 0;  ///< expected calibration error
};

struct ModelSummary {
  std::string dump;  ///< as the user named it
  std::string content_id, model_hash, dataset_id, split, precision;
  std::int64_t layer = 0;            ///< number in the model: whose maps, whose heads
  std::string target;                ///< "predicted" or "true"
  std::string map;                   ///< what orders cells: "mean", "head:3", "value", "rollout"
  std::string ablation;              ///< what a head gets instead: "uniform" or "zero"
  std::vector<std::int32_t> heads;   ///< [N] 0 to N - 1
  std::vector<std::string> classes;  ///< printable names
  std::int64_t num_samples = 0;
  std::int64_t samples_in_dump = 0;
  bool complete = true;              ///< false: some samples of the dump are not there yet
  std::int64_t samples_planned = 0;  ///< when it is complete
  std::int64_t without_target = 0;   ///< samples whose target is unknown: not measured
  std::int64_t without_map = 0;      ///< samples whose target's map is not stored: without curves
  std::int64_t hits = 0, labeled = 0;
  std::int64_t forward_passes = 0;  ///< that the run took
  std::int64_t replicates = 0, seed = 0;
  std::vector<MeasureSummary> measures;
  std::vector<CurveSummary> curves;  ///< deletion, then insertion; map, random, center_prior
  std::vector<RandomizationStage> randomization;
  std::int64_t randomization_samples = 0;
  Estimate uniform_cosine;  ///< of original maps with the uniform one
  Estimate box_uniform;     ///< box mass of the uniform map
  TemperatureFit temperature;
};

}  // namespace intr
