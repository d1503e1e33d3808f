// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "intr/image/resize_axis.h"

namespace intr {

/// Instructions that a resize is computed with. The results are equal, bit for bit.
enum class ResizeKernel { kScalar, kAvx2, kAvx512 };
/// Those of this processor, the fastest last.
const std::vector<ResizeKernel>& resize_kernels();
ResizeKernel best_resize_kernel();

/// The horizontal pass: u8 RGB pixels, weighted along the row. Thread-safe.
class ColumnPass {
 public:
  static constexpr std::size_t kRows = 4;    ///< rows of one call
  static constexpr std::size_t kSlack = 64;  ///< bytes behind a target row that may be overwritten
  using Sources = std::array<const std::uint8_t*, kRows>;
  using Targets = std::array<std::uint8_t*, kRows>;

  virtual ~ColumnPass() = default;
  /// @param sources rows of axis.source_side() pixels
  /// @param targets rows of as many pixels as the axis has windows, and kSlack bytes. Equal rows
  ///                are allowed where the sources are equal, too.
  virtual void run(const Sources& sources, const Targets& targets) const = 0;
};

/// The vertical pass: weighted sums of rows. Thread-safe.
class RowPass {
 public:
  explicit RowPass(ResizeAxis axis) : axis_(std::move(axis)) {}
  virtual ~RowPass() = default;
  /// Makes the target row of window `y` of the axis.
  /// @param rows the source rows of the window, `length` bytes each
  /// @param target `length` bytes, apart from the rows
  virtual void run(std::size_t y, std::span<const std::uint8_t* const> rows, std::size_t length,
                   std::uint8_t* target) const = 0;
  const ResizeAxis& axis() const noexcept { return axis_; }

 private:
  ResizeAxis axis_;
};

/// @param kernel one of resize_kernels()
std::unique_ptr<const ColumnPass> make_column_pass(ResizeAxis axis, ResizeKernel kernel);
std::unique_ptr<const RowPass> make_row_pass(ResizeAxis axis, ResizeKernel kernel);

}  // namespace intr
