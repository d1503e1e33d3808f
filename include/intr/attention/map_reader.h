// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "intr/image/image.h"

namespace intr {

/// What is true of a whole dump.
struct DumpFacts {
  std::string content_id, model_hash, dataset_id, split, precision, batching, queries, transform;
  std::vector<std::string> classes;
  std::int64_t class_count = 0, head_total = 0, layer_total = 0, stride = 0;
  std::vector<std::int32_t> layers, heads;  ///< as stored; head -1 = mean of all
  std::int64_t num_queries = 0;             ///< stored slots of each sample
  double peak_p99 = 0, contrast_p99 = 0;
  bool complete = true;  ///< false: some samples are not there yet
};

/// All columns of one sample.
struct DumpSample {
  std::int64_t sample_id = 0;
  std::int32_t label = -1;  ///< -1 = unknown
  ImageSize grid;           ///< stored (valid) cells
  std::vector<std::int32_t>
      query;  ///< class of each slot; slot 0 is the true class where it is known
  std::vector<float> logit;
  std::vector<std::int32_t> top_class;  ///< descending
  std::vector<float> top_logit;
  float log_z = 0;              ///< log-sum-exp over all logits
  std::int32_t true_rank = -1;  ///< 0 = top-1 right, -1 = unknown
  ImageSize source_size, resized_size, padded_size, grid_full;
  std::uint8_t orientation = 0, orientation_applied = 0;
  std::uint64_t image_hash = 0;  ///< XXH3-64 of the encoded picture
  std::string path;              ///< below the split folder
  std::uint64_t block_hash = 0;
};

/// Reads a dump: its folder, its index.h5, or a merged file. Samples are in sample-id order. One
/// thread at a time.
class MapReader {
 public:
  /// @throws DataError if it is no dump, of an unknown version or damaged
  static MapReader open(const std::string& path);
  MapReader(MapReader&&) noexcept;
  MapReader& operator=(MapReader&&) noexcept;
  ~MapReader();

  const DumpFacts& facts() const noexcept;
  std::int64_t size() const noexcept;
  const DumpSample& sample(std::int64_t row) const;
  /// The sample's maps as float32, [layers, Q, heads, h, w]; the block's hash is checked. @throws
  /// DataError naming the sample
  std::vector<float> maps(std::int64_t row) const;

 private:
  struct State;
  explicit MapReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace intr
