// SPDX-License-Identifier: Apache-2.0
#include "preprocess/pixel_statistics.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <vector>

#include "intr/core/parallel.h"
#include "intr/data/shard_reader.h"

namespace intr {
namespace {

/// Adds the pictures whose numbers it takes from `next`.
PixelSums sum_some(const DataIndex& index, const ShardReader& reader,
                   std::atomic<std::int64_t>& next, const std::function<void()>& advance,
                   const std::function<bool()>& stop_requested) {
  PixelSums sums;
  Image image;
  std::vector<std::byte> bytes;
  for (std::int64_t row = next++; row < index.size() && !stop_requested(); row = next++) {
    reader.read_into(row, bytes);
    reader.decode_into(image, row, bytes);
    sums.add(image);
    advance();
  }
  return sums;
}

}  // namespace

void PixelSums::add(const Image& image) {
  pixels += static_cast<std::uint64_t>(image.size.area());
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const std::uint64_t value = image.rgb[i + channel];
      values[channel] += value;
      squares[channel] += value * value;
    }
  }
}

void PixelSums::add(const PixelSums& other) {
  pixels += other.pixels;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    values[channel] += other.values[channel];
    squares[channel] += other.squares[channel];
  }
}

std::array<double, 3> PixelSums::mean() const {
  std::array<double, 3> result{};
  for (std::size_t channel = 0; channel < 3 && pixels > 0; ++channel)
    result[channel] = static_cast<double>(static_cast<long double>(values[channel]) /
                                          static_cast<long double>(pixels) / 255.0L);
  return result;
}

std::array<double, 3> PixelSums::deviation() const {
  std::array<double, 3> result{};
  for (std::size_t channel = 0; channel < 3 && pixels > 0; ++channel) {
    const auto n = static_cast<long double>(pixels);
    const long double mean = static_cast<long double>(values[channel]) / n;
    const long double variance = static_cast<long double>(squares[channel]) / n - mean * mean;
    result[channel] = static_cast<double>(std::sqrt(std::max(variance, 0.0L)) / 255.0L);
  }
  return result;
}

nlohmann::ordered_json PixelSums::json() const {
  return {{"pixels", pixels}, {"mean", mean()}, {"deviation", deviation()}};
}

PixelSums sum_pixels(const DataIndex& index, std::int64_t threads,
                     const std::function<void()>& advance,
                     const std::function<bool()>& stop_requested) {
  const ShardReader reader(index);
  PixelSums total;
  std::mutex mutex;
  std::atomic<std::int64_t> next{0};
  const auto advance_alone = [&] {
    const std::lock_guard lock(mutex);
    advance();
  };
  parallel_for(threads, threads, [&](std::int64_t) {
    try {
      const PixelSums some = sum_some(index, reader, next, advance_alone, stop_requested);
      const std::lock_guard lock(mutex);
      total.add(some);
    } catch (...) {
      next = index.size();  // the others need not go on
      throw;
    }
  });
  return total;
}

}  // namespace intr
