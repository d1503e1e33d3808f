// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "intr/model/model_config.h"
#include "intr/weights/key_names.h"

namespace intr {

/// What the names and shapes of a weight file tell of its model. Heads and dilation leave no trace.
struct Architecture {
  std::string backbone;              ///< resnet18, resnet34, resnet50, resnet101
  std::int64_t backbone_stages = 4;  ///< 3: ends after layer 3
  bool complete = false;  ///< whether encoder, decoder and queries are there, which the rest is of
  std::int64_t enc_layers = 0;
  std::int64_t dec_layers = 0;
  std::int64_t hidden_dim = 0;       ///< D
  std::int64_t dim_feedforward = 0;  ///< F
  std::int64_t num_queries = 0;      ///< C
  bool pre_norm = false;
  std::string position_embedding = "sine";  ///< or learned
};

/// @param where the file, for messages
/// @return nothing for files of an unknown family
/// @throws DataError if layers are missing in between, shapes are none of such a model, or the
/// backbone is no ResNet that we know
std::optional<Architecture> architecture_of(const NamedWeights& weights, const std::string& where);

/// A model of it with one query a class, and by default what shapes do not tell. Only where it is
/// complete.
ModelConfig config_of(const Architecture& architecture);

/// A line for people: "resnet50, D 256, 6 + 6 layers, F 2048, 100 queries, post-norm, sine; heads
/// and dilation unknown from shapes".
std::string one_line(const Architecture& architecture);

}  // namespace intr
