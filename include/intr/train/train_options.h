// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/core/option_set.h"
#include "intr/data/augmentation.h"
#include "intr/model/model_config.h"
#include "intr/train/optimizer.h"
#include "intr/train/reading_options.h"
#include "intr/train/save_schedule.h"
#include "intr/train/schedule.h"

namespace intr {

/// What places a program of the train library: ranks, threads and devices. Never changes a result's
/// meaning.
struct PlaceOptions {
  std::int64_t threads = 0;         ///< compute threads of a rank; 0 = its share of the cores
  std::int64_t loader_threads = 0;  ///< decoding threads of a rank; 0 = a sixteenth of those
  std::string device = "auto";      ///< auto, cpu, cuda
  std::string comm = "auto";        ///< one of back_end_names()
  std::string comm_core = "auto";   ///< auto, on, off
  bool deterministic = true;        ///< on a GPU: only kernels that add in one order
};
void describe(PlaceOptions& place, OptionSet& options);
void validate(const PlaceOptions& place);

/// Everything that intr-train can be told.
struct TrainOptions {
  std::string data;
  std::string train_split = "train";
  std::string val_split = "val";
  std::string augmentation = "published";  ///< published, flip, none
  std::string last_batch = "keep";         ///< keep, drop
  std::int64_t bucket_window = 50;
  std::string order = "shuffle";       ///< see OrderKind
  std::string eval_batching = "size";  ///< see EvaluationBatching
  bool parity = false;                 ///< published order, last batch and evaluation
  ReadingOptions reading;

  ModelConfig model;
  std::int64_t num_queries = 0;  ///< if given: must equal the number of classes
  std::string init = "auto";     ///< auto, finetune, calibrated, plain
  std::string finetune;          ///< weight file that the run starts from; empty = none
  std::string backbone_weights;  ///< weight file that only the backbone starts from; empty = none
  std::string query_init = "tile";  ///< tile, mean, random, match
  double noise_frac = 0.1;
  bool import_optimizer = false;
  std::int64_t calibrate_images = 64;
  std::string freeze = "auto";  ///< auto, none, stem, backbone

  AdamWOptions adamw;
  ScheduleOptions schedule;
  std::string no_decay = "none";  ///< none, norm-bias
  std::int64_t batch_size = 48;
  std::int64_t micro_batch = 12;
  std::int64_t virtual_shards = 0;  ///< 0 = off; see virtual_shards.h
  std::int64_t max_steps = 0;
  std::int64_t seed = 42;

  std::int64_t bucket_mb = 0;  ///< size of gradient buckets, MiB; 0 = what suits the back end
  std::string comm_profile;    ///< result of intr-bench comm; empty = none
  bool replan = false;
  std::string precision = "fp32";  ///< fp32, tf32, bf16

  std::string out;
  std::string resume = "auto";            ///< auto, or a checkpoint file
  std::vector<std::string> allow_change;  ///< see kChangeNames
  bool fresh = false;
  bool take_lock = false;
  std::string save_every = "auto";  ///< see SaveInterval
  std::int64_t keep = 3;
  std::int64_t keep_every = 0;  ///< epochs between checkpoints that stay for good; 0: lr drops
  std::int64_t log_every = 10;
  std::int64_t eval_every = 1;
  std::int64_t eval_batch_size = 12;
  std::int64_t hang_limit = 60;     ///< seconds
  std::int64_t guard_every = 500;   ///< steps; 0 = never
  std::vector<std::string> inject;  ///< see Fault
  std::string trace;                ///< file of the run's trace; empty = none
  std::string trace_steps;          ///< see TraceSteps; empty = all
  bool quiet = false;
  bool json = false;

  PlaceOptions place;

  /// The published way where `parity` is set.
  std::int64_t bucket_window_choice() const { return parity ? 1 : bucket_window; }
  std::string last_batch_choice() const { return parity ? "drop" : last_batch; }
  std::string eval_batching_choice() const { return parity ? "reference" : eval_batching; }
  /// Transform of training and of validation pictures.
  Transform train_transform() const;
  Transform val_transform() const;
  /// `freeze` with auto decided: stem where the backbone comes from a file.
  std::string freeze_choice() const;
  /// `place.comm`; auto is fixed where ranks share virtual shards.
  std::string comm_choice(int world_size) const;
  /// `init` with auto decided.
  std::string init_choice() const;
  /// Pictures of a step that a rank has at most, and of them those of its last micro-batch.
  std::int64_t pictures_of_rank(std::int64_t ranks) const;
  std::int64_t pictures_of_last_pass(std::int64_t ranks) const;
};

/// The options of a command line, for what needs more than their values.
struct GivenOptions {
  nlohmann::ordered_json values;  ///< every option with its value
  /// Whether the user gave an option, by its flag; empty: none was given.
  std::function<bool(const std::string& flag)> given = {};
};

void describe(TrainOptions& options, OptionSet& set);
/// Checks every value that needs no file, and puts published spellings into ours.
/// @throws UsageError naming the option
void validate(TrainOptions& options);
/// The same without what only training needs: data and run directory. @throws UsageError
void validate_settings(TrainOptions& options);

}  // namespace intr
