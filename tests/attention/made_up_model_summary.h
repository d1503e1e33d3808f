// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "intr/attention/model_summary.h"

namespace intr::test {

inline Estimate made_up_estimate(double mean) { return {mean, mean - 0.125, mean + 0.125, 4, 0}; }

/// A mean curve of three points between two values of the margin; the probability is a tenth of it.
inline CurveSummary made_up_curve(std::string kind, std::string order, double first, double last) {
  CurveSummary curve{std::move(kind), std::move(order), {}};
  for (const double share : {0.0, 0.5, 1.0}) {
    const double margin = first + share * (last - first);
    curve.points.push_back({share, made_up_estimate(margin / 10), made_up_estimate(margin),
                            made_up_estimate(share), made_up_estimate(1 - share)});
  }
  return curve;
}

/// What running a network of two heads again says of four samples. Names are markup.
inline ModelSummary made_up_model_summary() {
  ModelSummary summary;
  summary.dump = "dumps/<birds> & \"more\"";
  summary.content_id = std::string(32, 'c');
  summary.model_hash = std::string(32, 'a');
  summary.dataset_id = std::string(32, 'd');
  summary.split = "<val>";
  summary.precision = "float32";
  summary.layer = 5;
  summary.target = "predicted";
  summary.map = "head:7";
  summary.ablation = "uniform";
  summary.heads = {2, 7};
  summary.classes = {"wren", "jay"};
  summary.num_samples = 4;
  summary.samples_in_dump = 5794;
  summary.labeled = 4;
  summary.hits = 3;
  summary.forward_passes = 12345;
  summary.replicates = 2000;
  summary.seed = 17;
  const auto measure = [](std::string id, std::string title, double mean) {
    MeasureSummary one;
    one.id = std::move(id);
    one.title = std::move(title);
    one.definition = "a < b";
    one.over = "samples";
    one.all = made_up_estimate(mean);
    return one;
  };
  MeasureSummary area = measure("deletion_margin_normalized", "deletion, normalized margin", 0.25);
  area.baselines = {{"random", made_up_estimate(0.5), made_up_estimate(-0.25)},
                    {"center_prior", made_up_estimate(0.375), made_up_estimate(-0.125)}};
  MeasureSummary effect = measure("head_effect", "effect of <heads>", 3);
  effect.heads = {made_up_estimate(2), {NAN, NAN, NAN, 0, 4}};
  MeasureSummary kept = measure("head_kept", "heads kept", 0.75);
  kept.heads = {made_up_estimate(0.25), made_up_estimate(0.625)};
  summary.measures = {area, effect, kept, measure("heads_needed", "heads needed", 1.5)};
  for (const char* kind : {"deletion", "insertion"})
    for (const char* order : {"map", "random", "center_prior"})
      summary.curves.push_back(made_up_curve(kind, order, 8, -2));
  summary.randomization = {
      {"presence <vector>", {1, 1, 1, 4, 0}, {1, 1, 1, 4, 0}, made_up_estimate(0.75)},
      {"decoder layer 5", made_up_estimate(0.25), made_up_estimate(0.5), {NAN, NAN, NAN, 0, 4}}};
  summary.randomization_samples = 3;
  summary.uniform_cosine = made_up_estimate(0.375);
  summary.box_uniform = made_up_estimate(0.625);
  summary.temperature = {.n = 4,
                         .temperature = 1.5,
                         .loss_before = 0.875,
                         .loss_after = 0.625,
                         .error_before = 0.375,
                         .error_after = 0.125};
  return summary;
}

}  // namespace intr::test
