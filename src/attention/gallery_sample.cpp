// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery_sample.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "intr/attention/gallery_columns.h"
#include "intr/attention/verdict.h"
#include "intr/image/display.h"
#include "intr/image/encode.h"

namespace intr {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kPhotoQuality = 85;
constexpr std::int64_t kSmallPhoto = 96;  // up to this side a PNG is exact and hardly larger
constexpr std::size_t kShownClasses = 5;

std::string data_url(const Image& photo, std::int64_t side) {
  const std::int64_t longest = std::max(photo.size.height, photo.size.width);
  if (longest <= kSmallPhoto) return "data:image/png;base64," + base64(encode_png(photo));
  const Image shown = longest > side ? scaled_for_display(photo, side) : photo;
  return "data:image/jpeg;base64," + base64(encode_jpeg(shown, kPhotoQuality));
}

/// Maps of the wanted slots as bytes, each scaled by its own peak.
struct ByteMaps {
  std::vector<std::byte> levels;  ///< [slots, heads, h, w]
  std::vector<float> maxima;      ///< [slots, heads]
};

ByteMaps to_bytes(const SampleMaps& maps, const DumpFacts& facts, std::int64_t layer,
                  const std::vector<std::int64_t>& slots) {
  ByteMaps bytes;
  for (const std::int64_t slot : slots) {
    for (std::int64_t head = 0; head < facts.num_heads(); ++head) {
      const std::span<const float> map = maps.head(layer, slot, head);
      const float largest = *std::max_element(map.begin(), map.end());
      bytes.maxima.push_back(largest);
      for (const float value : map)
        bytes.levels.push_back(static_cast<std::byte>(
            largest > 0 ? static_cast<int>(value / largest * 255.0F + 0.5F) : 0));
    }
  }
  return bytes;
}

}  // namespace

ShownQueries shown_queries(const DumpSample& sample, bool every) {
  const Verdict verdict = judge(sample);
  const std::int64_t own =
      slot_of_class(sample, verdict.labeled ? sample.label : verdict.predicted);
  const std::int64_t other = slot_of_class(sample, verdict.runner_up);
  ShownQueries shown{.own = own >= 0, .runner_up = other >= 0 && other != own};
  if (shown.own) shown.slots.push_back(own);
  if (shown.runner_up) shown.slots.push_back(other);
  for (std::int64_t slot = 0; every && slot < std::ssize(sample.query); ++slot)
    if (slot != own && slot != other) shown.slots.push_back(slot);
  return shown;
}

std::string gallery_sample(const SampleInputs& inputs, const SampleMaps& maps,
                           const DumpFacts& facts, const ShownQueries& shown,
                           const GallerySampleOptions& options) {
  const DumpSample& sample = *inputs.sample;
  const Image photo = decode_photo(inputs.photo, sample, options.any_image);
  const ByteMaps bytes = to_bytes(maps, facts, options.layer, shown.slots);
  Json entry;
  entry["photo"] = data_url(photo, options.photo_side);
  entry["slots"] = Json::array();
  for (const std::int64_t slot : shown.slots)
    entry["slots"].push_back(sample.query[static_cast<std::size_t>(slot)]);
  entry["own"] = shown.own;
  entry["runnerUp"] = shown.runner_up;
  entry["maxima"] = bytes.maxima;
  entry["d"] = base64(bytes.levels);
  if (!inputs.value_maps.empty()) {
    const SampleMaps lengths(facts, sample, inputs.value_maps, MapField::kValue);
    const ByteMaps values = to_bytes(lengths, facts, options.layer, {0});
    entry["valueMaxima"] = values.maxima;
    entry["value"] = base64(values.levels);
  }
  entry["top"] = Json::array();
  for (std::size_t i = 0; i < std::min(kShownClasses, sample.top_class.size()); ++i)
    entry["top"].push_back(
        {sample.top_class[i], std::exp(static_cast<double>(sample.top_logit[i] - sample.log_z))});
  return entry.dump();
}

std::uint64_t gallery_map_bytes(const DumpFacts& facts, const DumpSample& sample,
                                bool every_query) {
  const auto encoded = [&](std::int64_t blocks) {
    return (blocks * facts.num_heads() * sample.grid.area() + 2) / 3 * 4;
  };
  return static_cast<std::uint64_t>(encoded(std::ssize(shown_queries(sample, every_query).slots)) +
                                    (facts.values ? encoded(1) : 0));
}

}  // namespace intr
