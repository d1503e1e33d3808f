// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "intr/attention/embedded_text.h"
#include "intr/attention/gallery_columns.h"
#include "intr/attention/map_block.h"
#include "intr/attention/sample_maps.h"
#include "intr/attention/verdict.h"
#include "intr/core/printable.h"
#include "intr/image/display.h"
#include "intr/image/encode.h"
#include "intr/io/atomic_file.h"

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

/// Slots of the true class (or of the best one without a label) and of the runner-up.
std::vector<std::int64_t> shown_slots(const DumpSample& sample) {
  const Verdict verdict = judge(sample);
  const std::int64_t own =
      slot_of_class(sample, verdict.labeled ? sample.label : verdict.predicted);
  const std::int64_t other = slot_of_class(sample, verdict.runner_up);
  std::vector<std::int64_t> slots = {std::max<std::int64_t>(own, 0)};
  if (other >= 0 && other != slots[0]) slots.push_back(other);
  return slots;
}

Json sample_entry(const SampleInputs& inputs, const SampleMaps& maps, const DumpFacts& facts,
                  std::int64_t layer, const std::vector<std::int64_t>& slots,
                  const GalleryOptions& options) {
  const DumpSample& sample = *inputs.sample;
  const Image photo = decode_photo(inputs.photo, sample, options.any_image);
  const ByteMaps bytes = to_bytes(maps, facts, layer, slots);
  Json entry;
  entry["photo"] = data_url(photo, options.photo_side);
  entry["slots"] = Json::array();
  for (const std::int64_t slot : slots)
    entry["slots"].push_back(sample.query[static_cast<std::size_t>(slot)]);
  entry["maxima"] = bytes.maxima;
  entry["d"] = base64(bytes.levels);
  entry["top"] = Json::array();
  for (std::size_t i = 0; i < std::min(kShownClasses, sample.top_class.size()); ++i)
    entry["top"].push_back(
        {sample.top_class[i], std::exp(static_cast<double>(sample.top_logit[i] - sample.log_z))});
  return entry;
}

/// Peaks of the mean maps that the page shows first, by place in the list of rows.
struct MeanPeaks {
  explicit MeanPeaks(std::size_t count) : peak(count), contrast(count) {}

  void note(std::size_t place, const SampleMaps& maps, std::int64_t layer,
            const std::vector<std::int64_t>& slots) {
    const auto cells = static_cast<float>(maps.grid().area());
    const std::vector<float> own = maps.mean(layer, slots[0]);
    peak[place] = cells * *std::max_element(own.begin(), own.end());
    if (slots.size() < 2) return;
    const std::vector<float> other = maps.mean(layer, slots[1]);
    for (std::size_t i = 0; i < own.size(); ++i)
      contrast[place] = std::max(contrast[place], cells * std::abs(own[i] - other[i]));
  }

  GalleryScales scales(const DumpFacts& facts) const {
    constexpr double kShare = 0.99;
    return {facts.peak_p99, facts.contrast_p99, static_cast<double>(nearest_rank(peak, kShare)),
            static_cast<double>(nearest_rank(contrast, kShare))};
  }

  std::vector<float> peak, contrast;
};

std::string replaced(std::string_view text, std::string_view mark, std::string_view by) {
  const std::size_t place = text.find(mark);
  return std::string(text.substr(0, place)) + std::string(by) +
         std::string(text.substr(place + mark.size()));
}

std::string html_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<')
      escaped += "&lt;";
    else if (c == '&')
      escaped += "&amp;";
    else
      escaped += c;
  }
  return escaped;
}

std::string page(const std::string& title, const std::string& columns) {
  std::string script;
  for (const char* part : {"store.js", "paint.js", "state.js", "page.js"})
    script += std::string(embedded_text(part)) + "\n";
  // Data come last: what they hold must not be taken for one of the marks.
  std::string html =
      replaced(embedded_text("gallery.html"), "@STYLE@", embedded_text("gallery.css"));
  html = replaced(html, "@SCRIPT@", script);
  const std::size_t place = html.find("@DATA@");
  const std::string before = replaced(html.substr(0, place), "@TITLE@", html_text(title));
  return before + columns + html.substr(place + 6);
}

/// Chunks of an earlier, longer gallery in the same folder.
void remove_further_chunks(const std::string& folder, std::int64_t first) {
  std::error_code ignored;
  for (std::int64_t number = first;
       std::filesystem::remove(folder + "/" + gallery_chunk_name(number), ignored); ++number) {
  }
}

}  // namespace

std::vector<SampleFailure> write_gallery(const MapReader& reader, const PhotoSource& photos,
                                         std::span<const std::int64_t> rows,
                                         const GalleryOptions& options,
                                         const LoopControl& control) {
  const DumpFacts& facts = reader.facts();
  const std::int64_t layer = find_layer(facts, options.layer);
  make_folder(options.out);
  std::vector<SampleFailure> failures;
  MeanPeaks peaks(rows.size());
  const std::int64_t count = std::ssize(rows);
  std::int64_t number = 0;
  for (std::int64_t first = 0; first < count; first += kGalleryChunk, ++number) {
    const auto part =
        rows.subspan(static_cast<std::size_t>(first),
                     static_cast<std::size_t>(std::min(kGalleryChunk, count - first)));
    std::vector<std::string> entries(part.size(), "null");
    const auto bad = for_each_sample(reader, photos, part, control, [&](SampleInputs& inputs) {
      const auto place = static_cast<std::size_t>(inputs.position);
      const SampleMaps maps(facts, *inputs.sample, std::move(inputs.maps));
      const std::vector<std::int64_t> slots = shown_slots(*inputs.sample);
      entries[place] = sample_entry(inputs, maps, facts, layer, slots, options).dump();
      peaks.note(static_cast<std::size_t>(first) + place, maps, layer, slots);
    });
    failures.insert(failures.end(), bad.begin(), bad.end());
    if (control.stop && control.stop()) return failures;
    write_file(options.out + "/" + gallery_chunk_name(number),
               fmt::format("intrChunk({},[{}]);\n", number, fmt::join(entries, ",\n")));
  }
  const std::string title = options.title.empty()
                                ? fmt::format("Attention, split {}", printable(facts.split))
                                : options.title;
  write_file(options.out + "/index.html",
             page(title, gallery_columns(reader, rows, layer, peaks.scales(facts))));
  remove_further_chunks(options.out, number);
  return failures;
}

}  // namespace intr
