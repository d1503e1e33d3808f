// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "intr/core/hash.h"
#include "intr/data/loader.h"

namespace intr::test {

/// What a step holds over all ranks: sample id -> hash of its pixels.
using StepContent = std::map<std::int64_t, std::uint64_t>;
/// The loaders of all ranks.
using Loaders = std::vector<std::unique_ptr<TrainLoader>>;

inline std::uint64_t hash_of(const MicroBatch& batch, std::size_t i) {
  const auto bytes = static_cast<std::size_t>(batch.sizes[i].area()) * 3;
  return xxh3_64(std::as_bytes(batch.pixels.subspan(batch.offsets[i], bytes)));
}

inline Loaders loaders_of_ranks(const DataIndex& index, const ShardReader& reader, LoaderOptions o,
                                std::int64_t world_size) {
  Loaders loaders;
  o.world_size = world_size;
  for (o.rank = 0; o.rank < world_size; ++o.rank)
    loaders.push_back(std::make_unique<TrainLoader>(index, reader, o));
  return loaders;
}

/// The next step of every rank, checked for completeness, united.
inline StepContent next_step(Loaders& loaders) {
  StepContent content;
  std::int64_t next = 0, samples = -1;
  double weights = 0;
  for (auto& loader : loaders) {
    std::int64_t mine = 0;
    for (bool last = false; !last;) {
      const MicroBatch batch = loader->next();
      EXPECT_EQ(batch.first_in_step, next);
      if (samples < 0) samples = batch.step_samples;
      EXPECT_EQ(batch.step_samples, samples);
      next += batch.size();
      mine += batch.size();
      for (std::size_t i = 0; i < batch.rows.size(); ++i)
        EXPECT_TRUE(content.emplace(batch.sample_ids[i], hash_of(batch, i)).second);
      last = batch.last_of_step;
    }
    weights += static_cast<double>(mine) / static_cast<double>(samples);
  }
  EXPECT_EQ(next, samples);
  EXPECT_NEAR(weights, 1, 1e-12);
  return content;
}

/// Several steps that follow each other.
inline std::vector<StepContent> next_steps(Loaders& loaders, std::int64_t count) {
  std::vector<StepContent> steps;
  for (std::int64_t i = 0; i < count; ++i) steps.push_back(next_step(loaders));
  return steps;
}

}  // namespace intr::test
