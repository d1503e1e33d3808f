// SPDX-License-Identifier: Apache-2.0
#include "batch_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "intr/core/error.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::int64_t kMostPixels = 1 << 15;  // of a side

ImageSize size_of(const std::string& text) {
  ImageSize size{};
  const char* end = text.data() + text.size();
  const auto height = std::from_chars(text.data(), end, size.height);
  if (height.ec == std::errc() && height.ptr != end && *height.ptr == 'x') {
    const auto width = std::from_chars(height.ptr + 1, end, size.width);
    const bool whole = width.ec == std::errc() && width.ptr == end;
    if (whole && std::min(size.height, size.width) > 0 &&
        std::max(size.height, size.width) <= kMostPixels)
      return size;
  }
  throw UsageError(fmt::format("'{}' is no height and width", text), "--size",
                   "give pixels, such as 672x896");
}

ImageSize size_of(const Json& pair, const std::string& file) {
  const ImageSize size{pair.at(0).get<std::int64_t>(), pair.at(1).get<std::int64_t>()};
  if (pair.size() == 2 && std::min(size.height, size.width) > 0 &&
      std::max(size.height, size.width) <= kMostPixels)
    return size;
  throw DataError("holds a size that is none: " + pair.dump(), file);
}

BatchShape shape_of(const Json& batch, const std::string& file) {
  BatchShape shape{.padded = size_of(batch.at("padded"), file), .images = {}};
  for (const Json& image : batch.at("images")) shape.images.push_back(size_of(image, file));
  const bool fits = std::ranges::all_of(shape.images, [&](const ImageSize& image) {
    return image.height <= shape.padded.height && image.width <= shape.padded.width;
  });
  if (shape.images.empty() || !fits)
    throw DataError("a batch has no pictures, or larger ones than its padded size", file);
  return shape;
}

std::vector<BatchShape> read_shapes(const std::string& file) {
  const Json json = read_json(file);
  std::vector<BatchShape> shapes;
  try {
    for (const Json& batch : json.at("batches")) shapes.push_back(shape_of(batch, file));
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("is no list of batch shapes: {}", error.what()), file,
                    "make one with intr-bench loader --shapes");
  }
  if (shapes.empty()) throw DataError("holds no batches", file);
  return shapes;
}

/// `count` of them, evenly spaced in order of padded area, in the order in which they came.
std::vector<BatchShape> spaced(const std::vector<BatchShape>& shapes, std::size_t count) {
  std::vector<std::size_t> ranked(shapes.size());
  std::iota(ranked.begin(), ranked.end(), std::size_t{0});
  std::ranges::stable_sort(ranked, {},
                           [&](std::size_t place) { return shapes[place].padded_pixels(); });
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < count; ++i)
    chosen.push_back(ranked[(2 * i + 1) * shapes.size() / (2 * count)]);
  std::ranges::sort(chosen);
  std::vector<BatchShape> some;
  for (const std::size_t place : chosen) some.push_back(shapes[place]);
  return some;
}

}  // namespace

void describe(ShapeOptions& o, OptionSet& set) {
  set.group("Batches")
      .add("size", o.size, "height and width of the pictures of a batch")
      .add("batch-size", o.batch_size, "pictures of a batch of one rank")
      .add("steps", o.steps, "batches of that size in a round")
      .add("shapes", o.shapes,
           "replay the batch shapes of this file instead, in their order; intr-bench loader "
           "--shapes writes one. Rank r of R takes every R-th, from the r-th on")
      .add("sample", o.sample,
           "only so many of them, evenly spaced in order of padded area; 0 = all");
}

std::vector<BatchShape> shapes_of(const ShapeOptions& o) {
  require_range("batch-size", o.batch_size, 1, 4096);
  require_range("steps", o.steps, 1, 100'000);
  require_range("sample", o.sample, 0, 1'000'000);
  if (o.shapes.empty()) {
    const ImageSize size = size_of(o.size);
    const std::vector<ImageSize> images(static_cast<std::size_t>(o.batch_size), size);
    return std::vector<BatchShape>(static_cast<std::size_t>(o.steps), {size, images});
  }
  const std::vector<BatchShape> shapes = read_shapes(o.shapes);
  const auto count = static_cast<std::size_t>(o.sample);
  return count == 0 || count >= shapes.size() ? shapes : spaced(shapes, count);
}

}  // namespace intr
