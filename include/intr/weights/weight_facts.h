// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "intr/weights/weight_file.h"

namespace intr {

/// Where our exports keep what tensors do not tell: in `__metadata__` of safetensors as texts, in
/// a .pth file in the dict "intr" below the keys without "intr_": {"model": JSON text, "classes":
/// list of texts, "step": integer}. On disk: never rename.
inline constexpr const char* kModelFact = "intr_model";      ///< ModelConfig as JSON
inline constexpr const char* kClassesFact = "intr_classes";  ///< JSON list of names
inline constexpr const char* kStepFact = "intr_step";        ///< optimizer steps done

/// Something that a file says, and where it says it ("args of the file").
template <class T>
struct Fact {
  T value{};
  std::string source{};
};

/// What a weight file says of its model beside shapes. Fields are named as ModelConfig's. Ours say
/// everything, the published .pth files what stands in their `args`, others nothing.
struct WeightFacts {
  std::optional<Fact<std::vector<std::string>>> classes{};  ///< in the order of their queries
  std::optional<Fact<std::int64_t>> num_classes{};
  std::optional<Fact<std::int64_t>> queries_per_class{};
  std::optional<Fact<std::string>> query_pooling{};
  std::optional<Fact<std::int64_t>> nheads{};
  std::optional<Fact<bool>> dilation{};
  std::optional<Fact<double>> dropout{};
  std::optional<Fact<std::int64_t>> image_size{};
  // What shapes tell too, to be compared with them.
  std::optional<Fact<std::string>> backbone{};
  std::optional<Fact<std::int64_t>> backbone_stages{};
  std::optional<Fact<std::string>> position_embedding{};
  std::optional<Fact<std::int64_t>> enc_layers{};
  std::optional<Fact<std::int64_t>> dec_layers{};
  std::optional<Fact<std::int64_t>> hidden_dim{};
  std::optional<Fact<std::int64_t>> dim_feedforward{};
  std::optional<Fact<bool>> pre_norm{};
  std::int64_t step = 0;  ///< optimizer steps done; 0 where the file does not say
};

/// @throws DataError if what one of our own files says cannot be understood; the args of others are
/// taken where they make sense
WeightFacts facts_of(const WeightFile& file);

/// What is known, as ModelConfig spells it, for kModelFact; an empty object if nothing is.
nlohmann::ordered_json model_json(const WeightFacts& facts);

}  // namespace intr
