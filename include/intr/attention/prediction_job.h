// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/overlay_options.h"
#include "intr/attention/prediction.h"
#include "intr/core/exit_code.h"
#include "intr/core/option_set.h"
#include "intr/model/weight_binding.h"

namespace intr {

/// Everything that intr-predict can be told, but for the machine.
struct PredictionOptions {
  std::vector<std::string> pictures;  ///< files, folders, @LIST
  std::string model;
  ModelRequest request;    ///< what the model's file may not tell
  std::string class_file;  ///< names of the classes; empty = those of the model
  std::int64_t top = 5;
  std::vector<std::string> asked;  ///< classes that are listed and drawn, too
  bool json = false;
  bool logits = false;
  std::string csv;
  std::string maps;  ///< folder for the figures; empty = none
  std::string dump;  ///< file for the maps themselves; empty = none
  bool skip_bad = false;
  bool quiet = false;
  std::int64_t batch_size = 12;
  std::string precision = "fp32";  ///< fp32, tf32, bf16
  OverlayOptions overlay{.layout = "strip", .scale = "map"};
};
/// @param set outlives the options, which ask it what was given
void describe(PredictionOptions& options, OptionSet& set);
/// @param set tells which options were given. @throws UsageError naming the option
void validate(const PredictionOptions& options, const OptionSet& set);

/// Names of a model's classes: those of a file, those of the model, or "class 0", "class 1", …
/// @throws DataError if the file has another number of them
std::vector<std::string> class_names(const LoadedModel& model, const std::string& class_file);

/// Where a job computes.
struct PredictionPlace {
  at::Device device = at::kCPU;
  std::int64_t threads = 1;  ///< drawing
  std::int64_t loader_threads = 1;
};

/// What a model says of picture files, in the order of find_pictures(). Logits are those of
/// evaluation; bad files have an `error`. Draws figures if they are wanted.
/// @param classes names, one a class
/// @throws DataError naming the picture if the model gives numbers that are not finite
std::vector<Prediction> predict(const PredictionOptions& options, LoadedModel& model,
                                const std::vector<std::string>& classes,
                                const PredictionPlace& place);

/// Does what the options of intr-predict say. @return kDone, or kBadData if files were bad
ExitCode run_prediction_job(const PredictionOptions& options, const PredictionPlace& place);

}  // namespace intr
