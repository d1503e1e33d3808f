// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "intr/attention/dump_selection.h"
#include "intr/attention/plan_file.h"
#include "intr/attention/query_selection.h"
#include "intr/core/option_set.h"
#include "intr/data/augmentation.h"
#include "intr/data/data_index.h"
#include "intr/data/evaluation_plan.h"

/// What a dump computes and how it is cut into pieces, from the data set's index alone.
namespace intr {

/// What a user asks of a dump.
struct DumpOptions {
  std::string layers = "last";         ///< last, all, or a list; negative counts from the end
  std::string heads = "all";           ///< all, mean, or a list
  std::string queries = "true,top:5";  ///< see QuerySelection
  std::string values = "none";         ///< or norm
  std::string encoder = "none";        ///< rollout, or mean:LAYERS
  std::string logits = "stored";       ///< or all
  std::string dtype = "f16";           ///< or f32
  std::int64_t batch_size = 12;        ///< images of a forward pass
  std::int64_t piece_samples = 0;      ///< samples of a piece, about; 0 = chosen by number
  std::string batching = "size";       ///< or reference: see EvaluationBatching
  SampleChoice choice;
};

/// Adds the groups "What is stored" and "Which samples".
void describe(DumpOptions& options, OptionSet& set);
/// @throws UsageError naming the option
void validate(const DumpOptions& options);

/// What the plan has to know of a model.
struct DumpModel {
  std::string model_hash;
  std::int64_t class_count = 0;
  std::int64_t head_total = 0;
  std::int64_t layer_total = 0;
  std::int64_t stride = 0;
  std::string precision = "fp32";  ///< of its products: fp32, tf32, bf16
  std::int64_t encoder_layer_total = 0;
};

/// A dump to compute: what plan.json says, and the batches behind it.
struct DumpPlan {
  DumpPlanFile file;
  QuerySelection queries;
  std::vector<EvaluationBatch> batches;
  std::map<ImageSize, std::int64_t> grids;  ///< how many samples store so many cells

  /// Batches [first, first + count) and what they cost.
  struct Piece {
    std::int64_t first = 0;
    std::int64_t count = 0;
    std::int64_t pixels = 0;  ///< sum of height * width over the samples
  };
  std::vector<Piece> pieces;
};

/// A pure function of its arguments; knows no ranks. Batches are those of evaluation
/// (plan_evaluation); whole ones in a row form a piece, closed at piece_samples or 256 MiB of maps.
/// @throws UsageError if an option does not fit the model or the data, or selects nothing
DumpPlan plan_dump(const DataIndex& index, const DumpModel& model, const DumpOptions& options,
                   const Transform& transform);

/// What pictures go through before the network, as JSON.
std::string describe_transform(const Transform& transform);

/// Layer numbers, ascending. @param flag the option that they come from @throws UsageError
std::vector<std::int32_t> parse_layers(const std::string& text, std::int64_t layer_total,
                                       const char* flag = "--layers");
/// Layers of "mean:LAYERS"; none for "none" and "rollout". @throws UsageError
std::vector<std::int32_t> parse_encoder_layers(const std::string& text, std::int64_t layer_total);
/// Head numbers, ascending, or {-1} for the mean. @throws UsageError
std::vector<std::int32_t> parse_heads(const std::string& text, std::int64_t head_total);

}  // namespace intr
