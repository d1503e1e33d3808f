// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "intr/image/image.h"

/// The schema "intr-attention" 1.0, for writer and reader alike; docs/attention-format.md is its
/// grammar.
namespace intr {

// On disk: never rename.
inline constexpr const char* kMapFormat = "intr-attention";
inline constexpr std::uint16_t kMapFormatMajor = 1;  ///< another one is refused
inline constexpr std::uint16_t kMapFormatMinor = 1;  ///< a larger one only adds
inline constexpr const char* kPlanFileName = "plan.json";
inline constexpr const char* kIndexFileName = "index.h5";
inline constexpr const char* kDumpFileName = "dump.json";
inline constexpr std::int32_t kHeadMean = -1;       ///< in `heads`: the mean of all heads
inline constexpr std::int64_t kNumTopClasses = 10;  ///< best classes stored with each sample

/// Element type of stored maps.
enum class MapType : std::uint8_t { f16, f32 };
std::int64_t bytes_of(MapType type) noexcept;
/// "f16" or "f32".
const char* name_of(MapType type) noexcept;
/// @throws UsageError
MapType map_type_of(std::string_view name);
/// How far the sum of a stored map may be from 1: rounding to half moves each weight by up to one
/// part in 2,048.
double sum_tolerance(MapType type) noexcept;

/// What is stored of a sample, each in a data set of its own.
enum class MapField : std::uint8_t {
  kMap,      ///< cross-attention, [layers, Q, heads, h, w]
  kRollout,  ///< the same followed back through the encoder, [layers, Q, heads, h, w]
  kValue,    ///< length of what attention mixes, [layers, heads, h, w]
  kEncoder,  ///< the encoder's attention, mean of its heads, [encoder layers, h * w, h * w]
};
inline constexpr std::array kMapFields = {MapField::kMap, MapField::kRollout, MapField::kValue,
                                          MapField::kEncoder};

/// One value of each field.
template <class T>
class PerField {
 public:
  T& operator[](MapField field) noexcept { return values_[static_cast<std::size_t>(field)]; }
  const T& operator[](MapField field) const noexcept {
    return values_[static_cast<std::size_t>(field)];
  }
  bool operator==(const PerField&) const = default;

 private:
  std::array<T, kMapFields.size()> values_{};
};

/// The data sets of a field: elements, the first one of each sample, and the hash of its bytes.
struct FieldNames {
  const char* elements;
  const char* start;
  const char* hash;
};
const FieldNames& names_of(MapField field) noexcept;

/// "piece-00017.h5".
std::string piece_file_name(std::int64_t number);

/// What is true of a whole dump.
struct DumpFacts {
  std::string content_id, model_hash, dataset_id, split, precision, batching, queries, transform;
  std::string plan_id;  ///< empty in merged files
  std::vector<std::string> classes;
  std::int64_t class_count = 0, head_total = 0, layer_total = 0, stride = 0;
  std::vector<std::int32_t> layers, heads;  ///< as stored; head -1 = mean of all
  std::int64_t num_queries = 0;             ///< stored slots of each sample
  MapType type = MapType::f16;
  bool rollout = false, values = false;      ///< stored, too
  std::vector<std::int32_t> encoder_layers;  ///< whose attention is stored, too
  double peak_p99 = 0, contrast_p99 = 0;
  double rollout_p99 = 0, value_p99 = 0;  ///< 0 where they are not stored
  float sum_min = 1, sum_max = 1;         ///< smallest and largest sum of a stored map
  bool complete = true;                   ///< false: some samples are not there yet
  std::int64_t samples_planned = 0;       ///< of the whole dump, where it is not complete
  bool is_signed = false;  ///< cells may speak against the class: negative, and no sum of 1

  std::int64_t num_layers() const noexcept { return static_cast<std::int64_t>(layers.size()); }
  std::int64_t num_heads() const noexcept { return static_cast<std::int64_t>(heads.size()); }
  /// The fields that are stored.
  std::vector<MapField> fields() const;
  /// Elements of a field of a sample with this grid; 0 if it is not stored.
  std::int64_t elements(MapField field, ImageSize grid) const noexcept;
  /// Bytes of all fields of a sample with this grid.
  std::uint64_t bytes_of_sample(ImageSize grid) const noexcept;
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
  std::uint64_t image_hash = 0;   ///< XXH3-64 of the encoded picture
  std::string path;               ///< below the split folder
  PerField<std::uint64_t> hash;   ///< XXH3-64 of each field's stored bytes
  std::vector<float> logits_all;  ///< of every class, with --logits all; else empty

  bool operator==(const DumpSample&) const = default;
};

}  // namespace intr
