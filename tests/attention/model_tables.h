// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "intr/attention/model_summarizer.h"

namespace intr::test {

/// A curve that falls (or rises) in a line from `first` to `last`: probability as said, margin ten
/// times that.
inline Curve line_curve(double first, double last) {
  Curve curve;
  for (std::size_t t = 0; t < curve.size(); ++t) {
    const double share = static_cast<double>(t) / static_cast<double>(kCurveSteps);
    const double value = first + (last - first) * share;
    curve[t] = {value, 10 * value};
  }
  return curve;
}

/// Curves in a line from 1 to 0 (deletion) and from 0 to 1 (insertion), of every order.
inline SampleCurves line_curves() {
  SampleCurves curves;
  for (const CellOrder order : kCellOrders) {
    curves.at(CurveKind::kDeletion, order) = line_curve(1, 0);
    curves.at(CurveKind::kInsertion, order) = line_curve(0, 1);
  }
  return curves;
}

/// A table without a network: two heads, three classes, two stages. Tests set the numbers that they
/// need. Sample i has the label i % 3; all are predicted to be of class 1, their target.
inline ModelScoreTable made_model_table(std::size_t num_samples) {
  ModelScoreTable table;
  table.dump = "maps";
  table.facts.classes = {"ant", "bee, tiny", "cat\n"};
  table.facts.content_id = std::string(32, 'c');
  table.facts.split = "val";
  table.facts.precision = "fp32";
  table.facts.head_total = 2;
  table.samples_in_dump = 9;
  table.options.replicates = 200;
  table.layer = 5;
  table.stages = {"presence vector", "decoder layer 5"};
  table.forward_passes = 77;
  for (std::size_t i = 0; i < num_samples; ++i) {
    ModelSampleScores scores;
    scores.sample_id = static_cast<std::int64_t>(100 + i);
    scores.label = static_cast<std::int32_t>(i % 3);
    scores.predicted = scores.target = 1;
    scores.logits = {0, 2, 1};
    table.samples.push_back(std::move(scores));
  }
  return table;
}

}  // namespace intr::test
