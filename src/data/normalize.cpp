// SPDX-License-Identifier: Apache-2.0
#include "intr/data/normalize.h"

#include <fmt/format.h>

#include <algorithm>

#include "intr/core/error.h"
#include "intr/core/parallel.h"
#include "normalize_rows.h"

namespace intr {
namespace {

/// Rows that a thread takes at a time.
constexpr std::int64_t kBand = 64;

/// A picture on its way into the batch.
struct Normalized {
  const std::uint8_t* pixels = nullptr;
  ImageSize size, padded;
  float* out = nullptr;

  /// Writes rows begin ... end - 1 of the padded picture.
  void write_rows(std::int64_t begin, std::int64_t end, NormalizeKernel kernel) const {
    const auto row_values = static_cast<std::size_t>(size.width) * 3;
    const auto padded_row = static_cast<std::size_t>(padded.width) * 3;
    auto* const write_row = kernel == NormalizeKernel::kAvx2 ? normalize_row_avx2 : normalize_row;
    for (std::int64_t y = begin; y < end; ++y) {
      const auto row = static_cast<std::size_t>(y);
      const std::size_t count = y < size.height ? row_values : 0;
      const std::uint8_t* source = count > 0 ? pixels + row * row_values : pixels;
      write_row(source, count, out + row * padded_row, padded_row - count);
    }
  }
};

}  // namespace

const NormalizeTable& normalize_table() {
  static const NormalizeTable table = [] {
    NormalizeTable made{};
    for (std::size_t channel = 0; channel < 3; ++channel) {
      for (std::size_t value = 0; value < 256; ++value) {
        const float unit = static_cast<float>(value) / 255.0F;
        made[channel][value] = (unit - kImageMean[channel]) / kImageDeviation[channel];
      }
    }
    return made;
  }();
  return table;
}

void normalize_row(const std::uint8_t* source, std::size_t count, float* target,
                   std::size_t zeros) {
  const NormalizeTable& table = normalize_table();
  for (std::size_t i = 0; i < count; i += 3) {
    target[i] = table[0][source[i]];
    target[i + 1] = table[1][source[i + 1]];
    target[i + 2] = table[2][source[i + 2]];
  }
  std::fill_n(target + count, zeros, 0.0F);
}

const std::vector<NormalizeKernel>& normalize_kernels() {
  static const std::vector<NormalizeKernel> kernels = [] {
    std::vector<NormalizeKernel> found = {NormalizeKernel::kTable};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
      found.push_back(NormalizeKernel::kAvx2);
#endif
    return found;
  }();
  return kernels;
}

void normalize_into(const MicroBatch& batch, std::span<float> out, std::int64_t threads) {
  const std::size_t picture = static_cast<std::size_t>(batch.padded.area()) * 3;
  if (out.size() != picture * batch.sizes.size()) {
    throw InternalError(
        fmt::format("{} floats for {} pictures of {}", out.size(), batch.sizes.size(), picture));
  }
  const NormalizeKernel kernel = normalize_kernels().back();
  const std::int64_t height = batch.padded.height;
  const std::int64_t bands = (height + kBand - 1) / kBand;
  parallel_for(std::ssize(batch.sizes) * bands, threads, [&](std::int64_t unit) {
    const auto image = static_cast<std::size_t>(unit / bands);
    const std::int64_t begin = unit % bands * kBand;
    const Normalized normalized{batch.pixels.data() + batch.offsets[image], batch.sizes[image],
                                batch.padded, out.data() + image * picture};
    normalized.write_rows(begin, std::min(begin + kBand, height), kernel);
  });
}

void normalize_picture_into(std::span<const std::uint8_t> pixels, ImageSize size, ImageSize padded,
                            std::span<float> out, NormalizeKernel kernel) {
  if (pixels.size() != static_cast<std::size_t>(size.area()) * 3 ||
      out.size() != static_cast<std::size_t>(padded.area()) * 3 || size.height > padded.height ||
      size.width > padded.width)
    throw InternalError(fmt::format("{} bytes of {} x {} pixels for {} floats of {} x {}",
                                    pixels.size(), size.width, size.height, out.size(),
                                    padded.width, padded.height));
  Normalized{pixels.data(), size, padded, out.data()}.write_rows(0, padded.height, kernel);
}

}  // namespace intr
