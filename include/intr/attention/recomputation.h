// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/data/augmentation.h"
#include "intr/data/data_index.h"
#include "intr/data/loader.h"
#include "intr/data/shard_reader.h"
#include "intr/model/intr.h"

namespace intr {

/// What a check of a dump against its model and data set found.
struct Recomputation {
  std::int64_t checked = 0;           ///< samples
  std::int64_t equal = 0;             ///< of them, all bits
  double largest_difference = 0;      ///< of the others' values
  std::vector<std::string> problems;  ///< a sentence each, naming piece and sample
};

/// Which samples are checked, and with what.
struct RecomputationWork {
  const Intr& model;
  std::string model_hash;
  const DataIndex& index;
  const ShardReader& reader;
  const Transform& transform;
  at::Device device = at::kCPU;
  LoaderMeans loader = {};
  std::int64_t samples = 16;
  std::uint64_t seed = 0;
};

/// Computes some samples of a finished dump again, each in the batch that it was planned in. The
/// samples are drawn by counter: the same seed draws the same ones.
/// Another device or build may round otherwise: maps may differ by 1e-5 and, as float16, by one
/// rounding, logits by 1e-4 of the largest (with products in tf32 or bf16: both by a twentieth);
/// queries with equal logits may change places; the best class may not differ.
/// @param folder of a dump
/// @throws DataError if the dump was made from another model, data set or transform
Recomputation recompute_samples(const std::string& folder, const RecomputationWork& work);

}  // namespace intr
