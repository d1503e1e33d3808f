// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/perturbation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "intr/attention/cell_order.h"
#include "intr/core/error.h"
#include "intr/image/gaussian_blur.h"

namespace intr {
namespace {

// RISE blurs pictures of 224 pixels with a deviation of 5.
constexpr double kBlurPerShortSide = 5.0 / 224.0;

/// On the CPU, so that the bits are the same for every device.
at::Tensor blurred(const at::Tensor& picture, ImageSize size) {
  if (picture.size(0) != 1 || size.height > picture.size(2) || size.width > picture.size(3))
    throw InternalError("a picture of another size than its cells");
  at::Tensor result = picture.to(at::kCPU).contiguous().clone();
  const double sigma = kBlurPerShortSide * static_cast<double>(std::min(size.height, size.width));
  for (std::int64_t channel = 0; channel < result.size(1); ++channel) {
    at::Tensor view = result[0][channel].narrow(0, 0, size.height).narrow(1, 0, size.width);
    at::Tensor plane = view.contiguous();
    if (plane.is_same(view)) plane = view.clone();
    gaussian_blur({plane.data_ptr<float>(), static_cast<std::size_t>(plane.numel())}, size, sigma);
    view.copy_(plane);
  }
  return result.to(picture.device());
}

/// [Hp, Wp], on the CPU.
at::Tensor cells_of_pixels(const CellGrid& grid, std::int64_t height, std::int64_t width) {
  const std::vector<std::int64_t> rows = pixel_edges(grid.rows);
  const std::vector<std::int64_t> columns = pixel_edges(grid.columns);
  at::Tensor cells = at::full({height, width}, grid.cells().area(), at::kLong);
  for (std::size_t r = 0; r + 1 < rows.size(); ++r)
    for (std::size_t c = 0; c + 1 < columns.size(); ++c)
      cells.slice(0, rows[r], rows[r + 1])
          .slice(1, columns[c], columns[c + 1])
          .fill_(static_cast<std::int64_t>(r) * grid.columns.cells + static_cast<std::int64_t>(c));
  return cells;
}

}  // namespace

PerturbedPicture::PerturbedPicture(const at::Tensor& picture, const CellGrid& grid)
    : picture_(picture),
      blurred_(blurred(picture, {grid.rows.length, grid.columns.length})),
      cell_of_pixel_(cells_of_pixels(grid, picture.size(2), picture.size(3)).to(picture.device())),
      num_cells_(grid.cells().area()) {}

/// [Hp, Wp] bool; false where padded.
at::Tensor PerturbedPicture::changed_pixels(const Variant& variant) const {
  if (std::ssize(*variant.order) != num_cells_)
    throw InternalError("an order that does not name every cell");
  at::Tensor changed = at::zeros({num_cells_ + 1}, at::kBool);
  bool* flags = changed.data_ptr<bool>();
  for (std::int64_t i = 0; i < variant.changed; ++i)
    flags[(*variant.order)[static_cast<std::size_t>(i)]] = true;
  return changed.to(picture_.device()).index({cell_of_pixel_});
}

at::Tensor PerturbedPicture::make(const std::vector<Variant>& variants) const {
  const at::Tensor nothing = at::zeros({1}, picture_.options());
  std::vector<at::Tensor> made;
  for (const Variant& variant : variants) {
    const at::Tensor changed = changed_pixels(variant);
    made.push_back(variant.kind == CurveKind::kDeletion
                       ? at::where(changed, nothing, picture_[0])
                       : at::where(changed, picture_[0], blurred_[0]));
  }
  return at::stack(made).contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace intr
