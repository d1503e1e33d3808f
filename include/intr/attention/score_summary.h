// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/class_pair.h"

/// What `intr-score maps` says about the samples of a dump, for its files and for pictures of it.
/// A number that cannot be had is NaN, never 0.
namespace intr {

/// A mean over samples (or classes) with its 95 % percentile bootstrap interval.
struct Estimate {
  double mean = 0;           ///< over the values that are not NaN; NaN if there is none
  double low = 0, high = 0;  ///< NaN if there is no value, or no replicate was asked for
  std::int64_t n = 0;        ///< values
  std::int64_t num_nan = 0;  ///< samples (or classes) without a value
};

/// What a measure would be without the model.
struct ScoreBaseline {
  std::string name;     ///< "uniform", "center_prior", "chance"
  Estimate value;       ///< over samples
  Estimate difference;  ///< measure minus baseline of the same sample, where both are there
};

/// One measure over all samples.
struct MeasureSummary {
  std::string id;               ///< column of samples.csv, such as "entropy_normalized"
  std::int64_t version = 1;     ///< of the definition; never reused for another one
  std::string title;            ///< for people: "normalized entropy"
  std::string unit;             ///< "nats", "pixels", "share", …; "" for plain numbers
  std::string definition;       ///< a line
  std::string over;             ///< what `all` is over: "samples" or "classes"
  Estimate all;                 ///< of the head mean, or of the sample or class as a whole
  std::vector<Estimate> heads;  ///< of each single head as ScoreSummary::heads lists them; empty if
                                ///< the measure has no head
  std::vector<ScoreBaseline> baselines;
};

/// The measure of that id, or null.
const MeasureSummary* find_measure(const std::vector<MeasureSummary>& measures,
                                   const std::string& id) noexcept;

/// A class and the means of its samples.
struct ClassScores {
  std::int32_t class_index = 0;
  std::string name;              ///< printable
  std::int64_t num_samples = 0;  ///< with this true class
  std::int64_t hits = 0;         ///< of them, predicted right
  std::vector<double> means;     ///< of each measure in ScoreSummary::class_columns
  double consistent_heads = 0;   ///< share of heads that hit one part; NaN if none can be judged
};

/// Which part lies nearest to the peak of each head.
struct PartShares {
  std::vector<std::string> parts;             ///< [K] names; empty without parts
  std::vector<std::vector<Estimate>> shares;  ///< [N][K] share of samples, over those with a part
  std::vector<std::int64_t> visible;          ///< [K] samples that show the part
};

/// What a picture of contrast against margin needs of a sample.
struct SamplePoint {
  std::int64_t sample_id = 0;
  std::int32_t label = -1, predicted = -1;  ///< -1 = unknown
  bool right = false;
  double probability = 0;     ///< of the predicted class
  double class_margin = 0;    ///< logit of the query's class minus that of the best other class
  double class_contrast = 0;  ///< of the head mean, in [0, 1]
};

/// Samples whose predicted class has a probability in (low, high].
struct CalibrationBin {
  double low = 0, high = 0;
  std::int64_t n = 0;
  double confidence = 0, accuracy = 0;  ///< means; NaN if n is 0
};

/// How often one class was taken for another.
struct Confusion {
  ClassPair pair;
  std::int64_t count = 0;
};

/// Everything about a dump. Samples are in sample-id order, heads, layers and classes count from 0.
struct ScoreSummary {
  std::string dump;  ///< as the user named it
  std::string content_id, model_hash, dataset_id, split;
  std::int64_t layer = 0;            ///< number in the model
  std::string query;                 ///< "true" or "predicted": whose maps
  std::vector<std::int32_t> heads;   ///< [N] numbers in the model of the single heads
  std::int64_t head_total = 0;       ///< of the model, in that layer
  std::vector<std::string> classes;  ///< printable names
  std::int64_t num_samples = 0, labeled = 0, hits = 0;
  bool complete = true;           ///< false: some samples of the dump are not there yet
  std::int64_t without_maps = 0;  ///< samples of which the query's maps are not stored
  std::int64_t samples_in_dump = 0, samples_planned = 0;  ///< there, and when it is complete
  std::string selection;  ///< options that chose among them, as typed; "" = all of them
  std::string geometry;
  double mass = 0;  ///< of the cells in which parts are looked for
  std::int64_t replicates = 0, seed = 0;
  bool has_boxes = false, has_parts = false;
  std::int64_t boxes_outside = 0;  ///< their pictures, and left out
  std::vector<MeasureSummary> measures;
  std::vector<std::string> class_columns;  ///< measure ids
  std::vector<ClassScores> class_scores;   ///< classes that have samples, by number
  PartShares part_shares;
  std::vector<SamplePoint> samples;
  std::vector<CalibrationBin> calibration;  ///< 15 bins of equal width, over labeled samples
  std::vector<Confusion> confusions;        ///< most frequent first

  /// The measure of that id, or null.
  const MeasureSummary* find(const std::string& id) const noexcept;
};

}  // namespace intr
