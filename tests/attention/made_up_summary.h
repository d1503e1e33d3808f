// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>

#include "intr/attention/score_summary.h"

namespace intr::test {

/// A summary with a bit of everything: two measures, two heads, parts, three classes whose names
/// are markup, missing values.
inline ScoreSummary made_up_summary() {
  ScoreSummary summary;
  summary.dump = "dumps/<birds> & \"more\"";
  summary.content_id = std::string(32, 'c');
  summary.model_hash = std::string(32, 'a');
  summary.dataset_id = std::string(32, 'd');
  summary.split = "val";
  summary.layer = 5;
  summary.query = "true";
  summary.heads = {2, 7};
  summary.head_total = 8;
  summary.classes = {"<b>wren</b>", "Tom & Jerry", "plain"};
  summary.num_samples = 6;
  summary.labeled = 5;
  summary.hits = 3;
  summary.has_boxes = summary.has_parts = true;
  const auto estimate = [](double mean) { return Estimate{mean, mean - 0.1, mean + 0.1, 6, 0}; };
  MeasureSummary mass;
  mass.id = "box_mass";
  mass.title = "mass in box";
  mass.unit = "share";
  mass.definition = "sum a |T & box| / |T| < 1";
  mass.over = "samples";
  mass.all = estimate(0.7);
  mass.heads = {estimate(0.6), {NAN, NAN, NAN, 0, 6}};
  mass.baselines = {{"uniform", estimate(0.3), estimate(0.4)}};
  MeasureSummary consistency;
  consistency.id = "consistency";
  consistency.title = "consistency";
  consistency.over = "classes";
  consistency.all = {NAN, NAN, NAN, 0, 3};
  summary.measures = {mass, consistency};
  summary.class_columns = {"box_mass"};
  summary.class_scores = {{0, summary.classes[0], 2, 1, {0.5}, NAN},
                          {1, summary.classes[1], 2, 0, {NAN}, 0},
                          {2, summary.classes[2], 1, 1, {0.9}, 1}};
  summary.part_shares = {
      {"beak", "t<ai>l"}, {{estimate(0.25), estimate(0.75)}, {estimate(1), estimate(0)}}, {5, 4}};
  summary.samples = {{0, 0, 0, true, 0.5, 1.5, 0.2},
                     {1, 1, 0, false, 0.4, -0.5, 0.1},
                     {2, -1, 2, false, 0.4, 0.5, NAN}};
  summary.calibration = {{0, 0.5, 3, 0.4, 0.5}, {0.5, 1, 0, NAN, NAN}};
  summary.confusions = {{{1, 0}, 2}, {{0, 2}, 1}};
  return summary;
}

}  // namespace intr::test
