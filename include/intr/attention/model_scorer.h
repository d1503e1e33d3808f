// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "intr/attention/cell_places.h"
#include "intr/attention/map_format.h"
#include "intr/attention/model_score_options.h"
#include "intr/attention/model_scores.h"
#include "intr/attention/randomization.h"
#include "intr/attention/value_attribution.h"
#include "intr/data/loader.h"
#include "intr/model/intr.h"

namespace intr {

/// What is known of a sample before the network runs.
struct ScoredSample {
  const DumpSample* stored = nullptr;  ///< as in the dump
  std::vector<float> map;              ///< [h, w], what orders cells; empty if it is not stored
  std::optional<PictureBox> box;
  bool randomized = false;  ///< whether the randomization check looks at it
};

/// Where the time of a rank went, in seconds, and how often.
struct ScoreTimes {
  std::int64_t forwards = 0;  ///< first forward passes, one of each sample
  double forward_s = 0;
  double heads_s = 0;  ///< taking away each head and all heads, without the greedy list
};

/// Scores samples with the network, one after another. One thread.
class ModelScorer {
 public:
  struct Setup {
    const Intr& model;
    at::ScalarType products = at::kFloat;  ///< of the model
    at::Device device = at::kCPU;
    bool reduced_precision = false;  ///< products in tf32 or bf16
    ModelScoreOptions options = {};
    std::int64_t layer = 0;  ///< decoder layer, number in the model
    bool keep_value_maps = false;
    std::function<void(std::int64_t)> advance = {};  ///< told of forward passes
    std::function<bool()> stop_requested = {};       ///< asked between batches of pictures
  };
  explicit ModelScorer(const Setup& setup);

  /// @param batch the sample's picture alone
  /// @return nothing if a stop was requested meanwhile
  /// @throws DataError if numbers are not finite, or logits are not those of the dump
  std::optional<ModelSampleScores> score(const MicroBatch& batch, const ScoredSample& sample);
  const ScoreTimes& times() const noexcept { return times_; }

  /// Forward passes that a sample with a target takes.
  static std::int64_t forward_passes(const ModelScoreOptions& options, std::int64_t num_stages,
                                     bool has_map, bool randomized);

 private:
  struct Picture;
  IntrOutput look(const at::Tensor& picture, const ScoredSample& sample);
  bool stopping() const { return setup_.stop_requested && setup_.stop_requested(); }
  void add_heads(const Picture& picture, ModelSampleScores& scores);
  void add_values(const Picture& picture, const ScoredSample& sample, ModelSampleScores& scores,
                  std::vector<float>& phi) const;
  bool add_curves(const Picture& picture, const ScoredSample& sample, const std::vector<float>& map,
                  ModelSampleScores& scores) const;
  bool add_randomization(const Picture& picture, const ScoredSample& sample,
                         ModelSampleScores& scores);

  Setup setup_;
  std::int64_t last_layer_;
  std::optional<RandomizedModel> randomized_;
  ScoreTimes times_;
};

}  // namespace intr
