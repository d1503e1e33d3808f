// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "resize_passes.h"

namespace intr {
namespace {

using Window = ResizeAxis::Window;

constexpr std::int32_t kHalf = 1 << (kWeightBits - 1);

std::uint8_t to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::min(sum >> kWeightBits, 255));  // never negative
}

class ScalarColumns : public ColumnPass {
 public:
  explicit ScalarColumns(ResizeAxis axis) : axis_(std::move(axis)) {}

  void run(const Sources& sources, const Targets& targets) const override {
    for (std::size_t i = 0; i < kRows; ++i) {
      if (i == 0 || targets[i] != targets[i - 1]) row(sources[i], targets[i]);
    }
  }

 private:
  void row(const std::uint8_t* source, std::uint8_t* target) const {
    for (const Window& window : axis_.windows()) {
      const std::int32_t* weights = axis_.weights(window);
      const std::uint8_t* pixel = source + window.first * 3;
      std::int32_t red = kHalf, green = kHalf, blue = kHalf;
      for (std::int64_t j = 0; j < window.taps; ++j, pixel += 3) {
        red += weights[j] * pixel[0];
        green += weights[j] * pixel[1];
        blue += weights[j] * pixel[2];
      }
      target[0] = to_byte(red);
      target[1] = to_byte(green);
      target[2] = to_byte(blue);
      target += 3;
    }
  }

  ResizeAxis axis_;
};

class ScalarRows : public RowPass {
 public:
  using RowPass::RowPass;

  void run(std::size_t y, std::span<const std::uint8_t* const> rows, std::size_t length,
           std::uint8_t* target) const override {
    const std::int32_t* weights = axis().weights(axis().windows()[y]);
    constexpr std::size_t kBlock = 256;
    std::int32_t sums[kBlock];
    for (std::size_t start = 0; start < length; start += kBlock) {
      const std::size_t count = std::min(kBlock, length - start);
      std::fill_n(sums, kBlock, kHalf);
      for (std::size_t j = 0; j < rows.size(); ++j) {
        const std::uint8_t* row = rows[j] + start;
        for (std::size_t i = 0; i < count; ++i) sums[i] += weights[j] * row[i];
      }
      for (std::size_t i = 0; i < count; ++i) target[start + i] = to_byte(sums[i]);
    }
  }
};

}  // namespace

std::unique_ptr<const ColumnPass> make_scalar_columns(ResizeAxis axis) {
  return std::make_unique<ScalarColumns>(std::move(axis));
}

std::unique_ptr<const RowPass> make_scalar_rows(ResizeAxis axis) {
  return std::make_unique<ScalarRows>(std::move(axis));
}

}  // namespace intr
