// SPDX-License-Identifier: Apache-2.0
#include "render_rounds.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "bench_report.h"
#include "intr/attention/overlay.h"
#include "intr/core/parallel.h"
#include "intr/core/philox.h"
#include "intr/core/stopwatch.h"
#include "intr/image/decode.h"
#include "intr/image/encode.h"
#include "intr/image/resize.h"

namespace intr {
namespace {

constexpr std::int64_t kShortSide = 800, kStride = 32;  // as the published transform
constexpr std::int64_t kHeads = 8, kQueries = 6;
constexpr int kPhotoQuality = 90;

/// Noise of one size of grain, 0 to 255.
Image grain(ImageSize size, std::int64_t spacing, std::int64_t number) {
  Image lattice{{size.height / spacing + 2, size.width / spacing + 2}, {}};
  const auto count = static_cast<std::uint64_t>(lattice.size.area()) * 3;
  for (std::uint64_t i = 0; i < count; ++i)
    lattice.rgb.push_back(static_cast<std::uint8_t>(
        draw_bits(static_cast<std::uint64_t>(number), Purpose::kCalibration,
                  static_cast<std::uint64_t>(spacing), i, 0)));
  return resize_bilinear(lattice, size);
}

/// Grains of four sizes, the coarse ones strong: compresses about as photographs do.
Image photo_of(ImageSize size, std::int64_t number) {
  Image photo{size, {}};
  std::vector<float> sum(static_cast<std::size_t>(size.area()) * 3, 0.0F);
  for (const auto& [spacing, weight] :
       {std::pair{96, 0.55F}, {24, 0.27F}, {6, 0.12F}, {2, 0.06F}}) {
    const Image noise = grain(size, spacing, number);
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] += weight * static_cast<float>(noise.rgb[i]);
  }
  for (const float value : sum) photo.rgb.push_back(static_cast<std::uint8_t>(value));
  return photo;
}

/// One round peak for each head and query, as wide as a seventh of the grid, over a low floor.
std::vector<float> maps_of(ImageSize grid, std::int64_t number) {
  std::vector<float> maps;
  const double width = static_cast<double>(std::min(grid.height, grid.width)) / 7 + 0.5;
  for (std::int64_t map = 0; map < kQueries * kHeads; ++map) {
    const std::int64_t peak = (number * 131 + map * 57) % grid.area();
    std::vector<double> values;
    double sum = 0;
    for (std::int64_t cell = 0; cell < grid.area(); ++cell) {
      const auto dy = static_cast<double>(cell / grid.width - peak / grid.width);
      const auto dx = static_cast<double>(cell % grid.width - peak % grid.width);
      values.push_back(std::exp(-0.5 * (dx * dx + dy * dy) / (width * width)) + 0.01);
      sum += values.back();
    }
    for (const double value : values) maps.push_back(static_cast<float>(value / sum));
  }
  return maps;
}

RenderSample sample_of(ImageSize size, std::int64_t number) {
  RenderSample made;
  DumpSample& sample = made.sample;
  sample.sample_id = number;
  sample.label = static_cast<std::int32_t>(number % kQueries);
  for (std::int32_t slot = 0; slot < kQueries; ++slot) {
    sample.query.push_back((sample.label + slot) % static_cast<std::int32_t>(kQueries));
    sample.top_logit.push_back(static_cast<float>(-slot));
  }
  sample.top_class = sample.query;
  sample.source_size = size;
  const std::int64_t shorter = std::max<std::int64_t>(1, std::min(size.height, size.width));
  sample.resized_size = {size.height * kShortSide / shorter, size.width * kShortSide / shorter};
  sample.grid = {(sample.resized_size.height + kStride - 1) / kStride,
                 (sample.resized_size.width + kStride - 1) / kStride};
  made.maps = maps_of(sample.grid, number);
  made.photo = encode_jpeg(photo_of(size, number), kPhotoQuality);
  return made;
}

DumpFacts facts_of_samples() {
  DumpFacts facts;
  for (std::int32_t c = 0; c < kQueries; ++c) facts.classes.push_back("class " + std::to_string(c));
  facts.class_count = kQueries;
  facts.head_total = kHeads;
  facts.layer_total = 1;
  facts.stride = kStride;
  facts.layers = {0};
  for (std::int32_t h = 0; h < kHeads; ++h) facts.heads.push_back(h);
  facts.num_queries = kQueries;
  facts.type = MapType::f32;
  facts.peak_p99 = 20;
  facts.contrast_p99 = 10;
  return facts;
}

}  // namespace

std::vector<RenderStyle> render_styles() {
  return {{"reference-single", {.style = "reference"}},
          {"clean-single", {}},
          {"clean-contour", {.contour = true}},
          {"reference-strip", {.style = "reference", .layout = "strip"}},
          {"clean-strip", {.layout = "strip"}}};
}

nlohmann::ordered_json RenderRound::json() const {
  return {{"work", pictures}, {"seconds", seconds},   {"cpu_s", cpu_s}, {"decode_s", decode_s},
          {"draw_s", draw_s}, {"encode_s", encode_s}, {"bytes", bytes}};
}

RenderRounds::RenderRounds(std::int64_t pictures, ImageSize photo) : facts_(facts_of_samples()) {
  for (std::int64_t number = 0; number < pictures; ++number)
    samples_.push_back(sample_of(photo, number));
}

RenderRound RenderRounds::next(const RenderStyle& style, std::int64_t threads) const {
  const OverlayDrawer drawer(facts_, style.options);
  RenderRound round;
  std::mutex mutex;
  const double begin = steady_seconds(), cpu_begin = processor_seconds();
  parallel_for(std::ssize(samples_), threads, [&](std::int64_t i) {
    const RenderSample& made = samples_[static_cast<std::size_t>(i)];
    Stopwatch watch;
    const Image photo = decode_image(made.photo, "photo");
    const double decode = watch.lap();
    const SampleMaps maps(facts_, made.sample, made.maps);
    const std::vector<NamedPicture> pictures = drawer.draw(made.sample, maps, photo);
    const double draw = watch.lap();
    double bytes = 0;
    for (const NamedPicture& picture : pictures)
      bytes += static_cast<double>(encode_picture(picture.image, style.options).size());
    const std::lock_guard lock(mutex);
    round.encode_s += watch.lap();
    round.pictures += std::ssize(pictures);
    round.decode_s += decode;
    round.draw_s += draw;
    round.bytes += bytes;
  });
  round.seconds = steady_seconds() - begin;
  round.cpu_s = processor_seconds() - cpu_begin;
  return round;
}

}  // namespace intr
