// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/sample_maps.h"

#include <fmt/format.h>

#include <algorithm>

#include "intr/core/error.h"

namespace intr {

SampleMaps::SampleMaps(const DumpFacts& facts, const DumpSample& sample, std::vector<float> values,
                       MapField field)
    : facts_(&facts),
      grid_(sample.grid),
      values_(std::move(values)),
      num_slots_(field == MapField::kValue ? 1 : facts.num_queries) {
  for (std::size_t i = 0; i < facts.heads.size(); ++i) {
    if (facts.heads[i] == kHeadMean)
      mean_head_ = static_cast<std::int64_t>(i);
    else
      single_heads_.push_back(static_cast<std::int64_t>(i));
  }
  if (static_cast<std::int64_t>(values_.size()) != facts.elements(field, grid_))
    throw InternalError(fmt::format("{} map values for sample {}, {} expected", values_.size(),
                                    sample.sample_id, facts.elements(field, grid_)));
}

std::span<const float> SampleMaps::head(std::int64_t layer, std::int64_t slot,
                                        std::int64_t head) const {
  const std::int64_t map =
      (layer * num_slots_ + std::min(slot, num_slots_ - 1)) * facts_->num_heads() + head;
  const auto cells = static_cast<std::size_t>(grid_.area());
  return std::span(values_).subspan(static_cast<std::size_t>(map) * cells, cells);
}

std::vector<float> SampleMaps::mean(std::int64_t layer, std::int64_t slot) const {
  if (mean_head_ >= 0) {
    const std::span<const float> stored = head(layer, slot, mean_head_);
    return {stored.begin(), stored.end()};
  }
  std::vector<float> sum(static_cast<std::size_t>(grid_.area()), 0.0F);
  for (const std::int64_t one : single_heads_) {
    const std::span<const float> map = head(layer, slot, one);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += map[i];
  }
  for (float& value : sum) value /= static_cast<float>(single_heads_.size());
  return sum;
}

std::int64_t find_layer(const DumpFacts& facts, std::int64_t layer) {
  if (layer == -1) return facts.num_layers() - 1;
  const auto found = std::find(facts.layers.begin(), facts.layers.end(), layer);
  if (found == facts.layers.end())
    throw UsageError(fmt::format("layer {} is not in the dump, which holds {}", layer,
                                 fmt::join(facts.layers, ", ")),
                     "--layer", fmt::format("dump again with intr-attend --layers {}", layer));
  return found - facts.layers.begin();
}

std::int64_t slot_of_class(const DumpSample& sample, std::int32_t class_index) {
  const auto found = std::find(sample.query.begin(), sample.query.end(), class_index);
  return found == sample.query.end() ? -1 : found - sample.query.begin();
}

}  // namespace intr
