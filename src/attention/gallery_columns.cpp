// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "intr/attention/gallery_sample.h"
#include "intr/attention/verdict.h"
#include "intr/core/printable.h"
#include "intr/image/palette.h"

namespace intr {

namespace {

using Json = nlohmann::ordered_json;

/// Six digits tell samples apart and keep the page small.
double rounded(double value) { return std::round(value * 1e6) / 1e6; }

Json palettes() {
  Json all;
  for (const char* name : {"inferno", "viridis", "cividis", "grey", "jet", "diverging"}) {
    const Palette palette = palette_named(name);
    all[name] = base64(std::as_bytes(std::span(palette)));
  }
  return all;
}

/// What holds for all samples.
Json head(const MapReader& reader, std::int64_t count, const GalleryContents& contents) {
  const GalleryScales& scales = contents.scales;
  const DumpFacts& facts = reader.facts();
  Json head;
  head["split"] = printable(facts.split);
  head["complete"] = facts.complete;
  head["classes"] = Json::array();
  for (const std::string& name : facts.classes) head["classes"].push_back(printable(name));
  head["stride"] = facts.stride;
  head["heads"] = facts.heads;
  head["headTotal"] = facts.head_total;
  head["layer"] = facts.layers[static_cast<std::size_t>(contents.layer)];
  head["layerTotal"] = facts.layer_total;
  head["scales"] = {{"head", scales.head},
                    {"headContrast", scales.head_contrast},
                    {"mean", scales.mean},
                    {"meanContrast", scales.mean_contrast}};
  if (facts.values) head["scales"]["value"] = scales.value;
  head["perChunk"] = kGalleryChunk;
  head["files"] = Json::array();
  for (std::int64_t number = 0; contents.chunk_files && number * kGalleryChunk < count; ++number)
    head["files"].push_back(gallery_chunk_name(number));
  head["palettes"] = palettes();
  return head;
}

void append_size(Json& column, ImageSize size) {
  column.push_back(size.height);
  column.push_back(size.width);
}

}  // namespace

std::string gallery_chunk_name(std::int64_t number) {
  return fmt::format("chunk-{:04}.js", number);
}

std::string gallery_columns(const MapReader& reader, std::span<const std::int64_t> rows,
                            const GalleryContents& contents) {
  Json data = head(reader, std::ssize(rows), contents);
  for (const char* column : {"id", "label", "predicted", "rank", "p", "margin", "path", "turn",
                             "grid", "resized", "source"})
    data[column] = Json::array();
  std::int64_t further = 0;
  for (const std::int64_t row : rows) {
    const DumpSample& sample = reader.sample(row);
    further = std::max(further, shown_queries(sample, contents.every_query).further());
    const Verdict verdict = judge(sample);
    data["id"].push_back(sample.sample_id);
    data["label"].push_back(sample.label);
    data["predicted"].push_back(verdict.predicted);
    data["rank"].push_back(sample.true_rank);
    data["p"].push_back(rounded(verdict.probability));
    data["margin"].push_back(rounded(verdict.margin));
    data["path"].push_back(printable(sample.path));
    data["turn"].push_back(sample.orientation_applied != 0 ? 0 : sample.orientation);
    append_size(data["grid"], sample.grid);
    append_size(data["resized"], sample.resized_size);
    append_size(data["source"], sample.source_size);
  }
  data["furtherQueries"] = further;
  data["scores"] = Json::array();
  for (const GalleryScore& score : contents.scores)
    data["scores"].push_back({{"name", score.name}, {"values", score.values}});
  return script_safe(data.dump());
}

std::string base64(std::span<const std::byte> bytes) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return i + k < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0u;
    };
    const std::uint32_t group = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k > bytes.size() ? '=' : kLetters[group >> (18 - 6 * k) & 63];
  }
  return text;
}

std::string script_safe(const std::string& json) {
  std::string safe;
  safe.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string_view rest = std::string_view(json).substr(i);
    if (json[i] == '<') {
      safe += "\\u003c";
    } else if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")) {
      safe += rest[2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      safe += json[i];
    }
  }
  return safe;
}

}  // namespace intr
