// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "batch_shapes.h"
#include "intr/core/option_set.h"
#include "intr/model/intr.h"
#include "intr/model/model_config.h"
#include "intr/train/compute_place.h"

namespace intr {

/// What the benches of a whole model share.
struct ModelBench {
  ModelConfig model;
  std::int64_t classes = 200;
  ShapeOptions batches;
  PlaceOptions place;
  std::string precision = "fp32";
  bool reference_math = false;
  std::int64_t rounds = 7;
  bool quick = false;
  bool serve = false;
  std::string json;
};

/// Model, batches, place and precision.
void describe_model(ModelBench& o, OptionSet& set);
/// The group of options about rounds and results, to which more can be added.
void describe_rounds(ModelBench& o, OptionSet& set);
/// For a bench that is one side of a comparison.
void describe_serve(ModelBench& o, OptionSet& set);
void validate(ModelBench& o);

/// Weights that every program of a comparison can make: the formula's, those of output projections
/// a quarter of it. Otherwise every query of a deep decoder with random weights ends with the same
/// logit, and comparing logits would say little.
TensorMap bench_weights(const ModelConfig& config);
/// Evaluation-mode logits of two pictures that every program of a comparison makes, one after the
/// other.
std::vector<float> check_logits(const Intr& model, at::Device device);

/// The first line of a program that takes part in rounds, without the facts.
nlohmann::ordered_json ready_line(const ModelBench& o, const std::vector<float>& check);

/// A figure of a round.
double number(const nlohmann::ordered_json& round, const char* name);
/// One kind of figure of all rounds, such as all images a second.
nlohmann::ordered_json spread_of(const nlohmann::ordered_json& rounds,
                                 const std::function<double(const nlohmann::ordered_json&)>& value);
/// Adds to a summary how many products were computed, in 10^9 floating-point operations a second,
/// two for each multiply-add, and on one rank their share of the most that is here: a product of
/// large square matrices in the same precision, the best of a few.
/// @param batches of a round  @param training with the backward pass
void add_rate(const ModelBench& o, const std::vector<BatchShape>& batches, bool training,
              at::Device device, const nlohmann::ordered_json& rounds,
              nlohmann::ordered_json& facts, nlohmann::ordered_json& summary);

/// A line for each figure of a summary; the parts of phase_s, too.
void print_summary(const nlohmann::ordered_json& facts, const nlohmann::ordered_json& summary);

/// What a bench found.
struct BenchResult {
  nlohmann::ordered_json options, facts, warmup, rounds, summary;
};
void write_result(const std::string& file, const std::string& bench, const BenchResult& result);

}  // namespace intr
