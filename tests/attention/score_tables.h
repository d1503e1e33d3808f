// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "intr/attention/score_table.h"

namespace intr::test {

/// A table of scores without a dump: two heads, three classes, parts "beak" and "tail". Tests set
/// the numbers that they need.
inline ScoreTable made_table(std::size_t num_samples) {
  ScoreTable table;
  table.facts.classes = {"ant", "bee, tiny", "cat"};
  table.facts.content_id = std::string(32, 'c');
  table.facts.split = "val";
  table.layer = 5;
  table.heads = {0, 3};
  table.part_names = {"beak", "tail"};
  table.has_boxes = table.has_parts = true;
  for (std::size_t i = 0; i < num_samples; ++i) {
    DumpSample sample;
    sample.sample_id = static_cast<std::int64_t>(100 + i);
    sample.label = static_cast<std::int32_t>(i % 3);
    sample.top_class = {static_cast<std::int32_t>(i % 2)};
    sample.top_logit = {1};
    sample.path = "p/" + std::to_string(i) + ".png";
    table.samples.push_back(std::move(sample));
    SampleScores scores;
    scores.heads.resize(2);
    scores.has_maps = true;
    scores.part_visible = {1, 1};
    table.scores.push_back(std::move(scores));
  }
  return table;
}

}  // namespace intr::test
