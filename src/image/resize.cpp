// SPDX-License-Identifier: Apache-2.0
#include "intr/image/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "intr/core/error.h"
#include "narrowed_rows.h"
#include "recent.h"

namespace intr {
namespace {

/// What the tables of a pass depend on.
struct AxisKey {
  std::int64_t in = 0, out = 0, begin = 0, end = 0;
  bool mirrored = false;
  bool operator==(const AxisKey&) const = default;
  ResizeAxis axis() const { return ResizeAxis(in, out, begin, end, mirrored); }
};

void check(const Image& image, const Resize& resize, std::size_t out_bytes) {
  const auto fits = [](std::int64_t begin, std::int64_t count, std::int64_t side) {
    return begin >= 0 && count >= 1 && count <= side && begin <= side - count;
  };
  const ImageSize size = resize.size;
  if (size.height < 1 || size.width < 1 || image.size.height < 1 || image.size.width < 1)
    throw InternalError(fmt::format("a resize from {} x {} to {} x {} pixels", image.size.width,
                                    image.size.height, size.width, size.height));
  if (!fits(resize.left, resize.part.width, size.width) ||
      !fits(resize.top, resize.part.height, size.height))
    throw InternalError(fmt::format("a part of {} x {} pixels at ({}, {}) of {} x {}",
                                    resize.part.width, resize.part.height, resize.left, resize.top,
                                    size.width, size.height));
  if (out_bytes != static_cast<std::size_t>(resize.part.area()) * 3)
    throw InternalError(fmt::format("{} bytes for a picture of {} x {} pixels", out_bytes,
                                    resize.part.width, resize.part.height));
}

/// The vertical pass over the rows that `row(y)` gives, or a copy of them.
/// @param pass null if heights are equal: then `top` is the first row
template <class Row>
void write_rows(const RowPass* pass, std::int64_t top, std::int64_t num_rows, std::size_t row_bytes,
                Row row, std::uint8_t* out) {
  std::vector<const std::uint8_t*> rows;
  for (std::int64_t y = 0; y < num_rows; ++y, out += row_bytes) {
    if (pass == nullptr) {
      std::memcpy(out, row(top + y), row_bytes);
      continue;
    }
    const ResizeAxis::Window& window = pass->axis().windows()[static_cast<std::size_t>(y)];
    rows.clear();
    for (std::int64_t j = 0; j < window.taps; ++j) rows.push_back(row(window.first + j));
    pass->run(static_cast<std::size_t>(y), rows, row_bytes, out);
  }
}

}  // namespace

struct ResizeScratch::State {
  explicit State(ResizeKernel wanted) : kernel(wanted) {}

  ResizeKernel kernel;
  std::vector<std::uint8_t> rows;  ///< between the passes
  Recent<AxisKey, ColumnPass> columns;
  Recent<AxisKey, RowPass> heights;
};

ResizeScratch::ResizeScratch(ResizeKernel kernel) : state_(std::make_unique<State>(kernel)) {}
ResizeScratch::ResizeScratch(ResizeScratch&&) noexcept = default;
ResizeScratch& ResizeScratch::operator=(ResizeScratch&&) noexcept = default;
ResizeScratch::~ResizeScratch() = default;

void resize_bilinear_into(const Image& image, const Resize& resize, ResizeScratch& scratch,
                          std::span<std::uint8_t> out) {
  check(image, resize, out.size());
  ResizeScratch::State& state = scratch.state();
  const ImageSize part = resize.part;
  const auto row_bytes = static_cast<std::size_t>(part.width) * 3;
  const std::int64_t stride = image.size.width * 3;
  const RowPass* row_pass = nullptr;
  if (resize.size.height != image.size.height) {
    const AxisKey key{image.size.height, resize.size.height, resize.top, resize.top + part.height};
    row_pass = &state.heights.get(key, [&] { return make_row_pass(key.axis(), state.kernel); });
  }
  if (resize.size.width == image.size.width && !resize.mirrored) {
    const std::uint8_t* source = image.rgb.data() + resize.left * 3;
    const auto row = [&](std::int64_t y) { return source + y * stride; };
    write_rows(row_pass, resize.top, part.height, row_bytes, row, out.data());
    return;
  }
  const AxisKey key{image.size.width, resize.size.width, resize.left, resize.left + part.width,
                    resize.mirrored};
  const ColumnPass& column_pass =
      state.columns.get(key, [&] { return make_column_pass(key.axis(), state.kernel); });
  std::int64_t first = resize.top, end = resize.top + part.height, window = 1;
  if (row_pass != nullptr) {
    const auto& windows = row_pass->axis().windows();
    first = windows.front().first;
    end = windows.back().first + windows.back().taps;
    window = row_pass->axis().max_taps();
  }
  NarrowedRows narrowed(column_pass, state.rows, row_bytes, image.rgb.data(), stride, first, end,
                        window);
  const auto row = [&](std::int64_t y) { return narrowed.row(y); };
  write_rows(row_pass, resize.top, part.height, row_bytes, row, out.data());
}

Image resize_bilinear(const Image& image, ImageSize size) {
  Image result{size, {}};
  result.rgb.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, size.area())) * 3);
  ResizeScratch scratch;
  resize_bilinear_into(image, Resize::whole(size), scratch, result.rgb);
  return result;
}

ImageSize resized_size(ImageSize source, std::int64_t short_side, std::int64_t maximum) {
  const std::int64_t low = std::min(source.height, source.width);
  const std::int64_t high = std::max(source.height, source.width);
  if (low < 1) throw InternalError("the size rule needs a picture with pixels");
  if (maximum > 0 &&
      static_cast<double>(high) / static_cast<double>(low) * static_cast<double>(short_side) >
          static_cast<double>(maximum))
    short_side = static_cast<std::int64_t>(
        std::nearbyint(static_cast<double>(maximum * low) / static_cast<double>(high)));
  if (low == short_side) return source;
  const std::int64_t long_side = short_side * high / low;
  return source.width < source.height ? ImageSize{long_side, short_side}
                                      : ImageSize{short_side, long_side};
}

}  // namespace intr
