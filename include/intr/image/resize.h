// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "intr/image/image.h"
#include "intr/image/resize_kernels.h"

namespace intr {

/// Bilinear resize with antialiasing, equal to Pillow's (horizontal pass first) bit for bit. A pass
/// whose size does not change is skipped. @param size both sides at least 1. Thread-safe.
Image resize_bilinear(const Image& image, ImageSize size);

/// What is made of a picture by one resize.
struct Resize {
  ImageSize size;         ///< of the whole result
  bool mirrored = false;  ///< left and right of the source are exchanged first
  /// The part of the result that is asked for; costs what it is large.
  std::int64_t left = 0;
  std::int64_t top = 0;
  ImageSize part;

  static Resize whole(ImageSize size) { return {size, false, 0, 0, size}; }
};

/// Memory of one thread that resizes, and tables of the sizes that it met last.
class ResizeScratch {
 public:
  ResizeScratch() : ResizeScratch(best_resize_kernel()) {}
  explicit ResizeScratch(ResizeKernel kernel);
  ResizeScratch(ResizeScratch&&) noexcept;
  ResizeScratch& operator=(ResizeScratch&&) noexcept;
  ~ResizeScratch();

  struct State;
  State& state() noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// As resize_bilinear, straight into memory of the caller.
/// @param out [part.height, part.width, 3]
/// @throws InternalError if a size is 0, the part leaves the result, or `out` has another size
void resize_bilinear_into(const Image& image, const Resize& resize, ResizeScratch& scratch,
                          std::span<std::uint8_t> out);

/// torchvision's and DETR's size rule: the short side becomes `short_side` unless the long side
/// would exceed `maximum` (0: no maximum). Rounding as published; a side may become 0 and the long
/// side may exceed the maximum by the rounding.
ImageSize resized_size(ImageSize source, std::int64_t short_side, std::int64_t maximum);

}  // namespace intr
