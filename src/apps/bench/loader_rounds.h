// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/data/loader.h"
#include "intr/data/shard_reader.h"

namespace intr {

/// One epoch of a split, as training or evaluation takes it.
struct LoaderRun {
  LoaderOptions options;
  bool training = false;  ///< augmented, shuffled, bucketed; else evaluation batches of one size
  bool floats = false;  ///< batches become float32, normalized and padded, on the consumer's thread
  double consumer_ms = 0;  ///< what a consumer takes a batch
};

/// Figures of one round, all in seconds.
struct LoaderRound {
  double seconds = 0, cpu_s = 0, first_batch_s = 0;
  double read_s = 0, decode_s = 0, resize_s = 0, pad_s = 0, wait_s = 0;
  std::int64_t images = 0, valid_pixels = 0, padded_pixels = 0;
  std::uint64_t bytes = 0;
  nlohmann::ordered_json json() const;
};

/// Padded shapes of the batches of an epoch, known without decoding: {"batches": [{"padded": [H,
/// W], "images": [[h, w], …]}, …]}.
nlohmann::ordered_json loader_shapes(const DataIndex& index, const LoaderRun& run,
                                     std::int64_t epoch);

/// Loads rounds of a split.
class LoaderRounds {
 public:
  /// @param index, reader must outlive this
  LoaderRounds(const DataIndex& index, const ShardReader& reader, LoaderRun run);
  /// Loads one epoch; the loader is made and ended within.
  LoaderRound next();

 private:
  void take(const MicroBatch& batch, LoaderRound& round);
  void train(LoaderRound& round);
  void evaluate(LoaderRound& round);

  const DataIndex* index_;
  const ShardReader* reader_;
  LoaderRun run_;
  std::int64_t epoch_ = 0;
  std::vector<float> input_;  ///< the network's, used again
  std::uint64_t sum_ = 0;     ///< of what was touched, so that nothing is left out
};

/// CRC-32 of the pixels of the first 16 samples after the validation transform of that image size.
std::vector<std::uint32_t> check_pixels(const DataIndex& index, const ShardReader& reader,
                                        std::int64_t image_size);

/// Median milliseconds from nothing to knowing the samples of a step, over the first, middle and
/// last step of an epoch.
double resume_ms(const DataIndex& index, const LoaderOptions& options);

}  // namespace intr
