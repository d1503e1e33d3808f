// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_maps.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "intr/core/error.h"

namespace intr {

namespace {

std::int64_t find_head(const DumpFacts& facts, std::string_view text) {
  std::int32_t head = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, head);
  if (error != std::errc() || stop != end || head < 0)
    throw UsageError(fmt::format("'{}' is none of: mean, all, numbers joined by commas", text),
                     "--head");
  const auto found = std::find(facts.heads.begin(), facts.heads.end(), head);
  if (found == facts.heads.end())
    throw UsageError(
        fmt::format("head {} is not in the dump, whose model has {} heads", head, facts.head_total),
        "--head", "dump again with intr-attend --heads all, or choose another");
  return found - facts.heads.begin();
}

std::vector<std::int64_t> find_heads(const DumpFacts& facts, const OverlayOptions& options) {
  const bool every = shows_every_head(options);
  std::vector<std::int64_t> heads;
  if (every || options.head == "mean") heads.push_back(kHeadMean);
  if (every || options.head == "all") {
    const std::vector<std::int64_t> single = single_heads(facts);
    heads.insert(heads.end(), single.begin(), single.end());
  }
  if (heads.empty()) {
    std::string_view rest = options.head;
    while (true) {
      const std::size_t comma = rest.find(',');
      heads.push_back(find_head(facts, rest.substr(0, comma)));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return heads;
}

MapField field_named(const std::string& map) {
  return map == "rollout" ? MapField::kRollout : map == "value" ? MapField::kValue : MapField::kMap;
}

/// Refuses a field that the dump does not hold.
MapField find_field(const DumpFacts& facts, const std::string& map) {
  const MapField field = field_named(map);
  const std::vector<MapField> stored = facts.fields();
  if (std::find(stored.begin(), stored.end(), field) == stored.end())
    throw UsageError(
        fmt::format("the dump holds no {} maps", map), "--map",
        fmt::format("dump again with intr-attend {}",
                    field == MapField::kValue ? "--values norm" : "--encoder rollout"));
  return field;
}

/// What has no meaning for signed maps, of which a file holds one a sample.
void require_plain_drawing(const OverlayOptions& options) {
  const auto refuse = [](const char* what, const char* flag, const char* next) {
    throw UsageError(what, flag, next);
  };
  constexpr const char* kOneMap = "the file holds one signed map a sample, of all heads together";
  if (options.style == "reference")
    refuse("the published recipe scales each map to its own range, and signed maps need their zero",
           "--style", "leave it out: the clean style draws them");
  if (options.map != "attention")
    refuse("the file holds signed maps and nothing else", "--map", "leave it out");
  if (options.layout != "single" && options.layout != "side")
    refuse(kOneMap, "--layout", "use single or side");
  if (options.head != "mean") refuse(kOneMap, "--head", "leave it out");
  if (options.contour) refuse("a signed map has no share of its sum", "--contour", "leave it out");
}

/// The facts, if the options fit them.
const DumpFacts& drawable(const DumpFacts& facts, const OverlayOptions& options) {
  if (facts.is_signed) require_plain_drawing(options);
  return facts;
}

}  // namespace

std::vector<std::int64_t> single_heads(const DumpFacts& facts) {
  std::vector<std::int64_t> heads;
  for (std::int64_t i = 0; i < facts.num_heads(); ++i)
    if (facts.heads[static_cast<std::size_t>(i)] != kHeadMean) heads.push_back(i);
  return heads;
}

std::vector<float> difference_of(std::vector<float> a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < b.size(); ++i) a[i] -= b[i];
  return a;
}

MapChoice::MapChoice(const DumpFacts& facts, const OverlayOptions& options)
    : facts_(&drawable(facts, options)),
      contrast_(options.map == "contrast"),
      layer_(find_layer(facts, options.layer)),
      heads_(find_heads(facts, options)),
      field_(find_field(facts, options.map)) {}

std::string MapChoice::short_name(std::int64_t head) const {
  if (facts_->is_signed) return "attribution";
  if (head == kHeadMean) return "mean";
  return fmt::format("head{}", facts_->heads[static_cast<std::size_t>(head)]);
}

std::string MapChoice::numbered_name(std::int64_t head) const {
  return fmt::format("head_{}", facts_->heads[static_cast<std::size_t>(head)]);
}

std::string MapChoice::label(std::int64_t head) const {
  if (facts_->is_signed) return "attribution";
  if (head == kHeadMean) return "mean of heads";
  return fmt::format("head {}", facts_->heads[static_cast<std::size_t>(head)]);
}

std::vector<float> MapChoice::stored(const SampleMaps& maps, std::int64_t slot,
                                     std::int64_t head) const {
  if (head == kHeadMean) return maps.mean(layer_, slot);
  const std::span<const float> values = maps.head(layer_, slot, head);
  return {values.begin(), values.end()};
}

ShownMap MapChoice::map(const SampleMaps& maps, const OverlayQuery& query,
                        std::int64_t head) const {
  ShownMap shown{label(head), stored(maps, query.slot, head), contrast_ || facts_->is_signed};
  if (contrast_)
    shown.values = difference_of(std::move(shown.values), stored(maps, query.other_slot, head));
  return shown;
}

}  // namespace intr
