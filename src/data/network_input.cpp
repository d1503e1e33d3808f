// SPDX-License-Identifier: Apache-2.0
#include "intr/data/network_input.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <vector>

#include "intr/data/normalize.h"

namespace intr {
namespace {

/// [B, H, W, 1] bool, true where padded.
at::Tensor padding_of(const MicroBatch& batch, at::Device device) {
  std::vector<std::int64_t> heights, widths;
  for (const ImageSize& size : batch.sizes) {
    heights.push_back(size.height);
    widths.push_back(size.width);
  }
  const auto sizes_on_device = [&](const std::vector<std::int64_t>& sizes) {
    return at::tensor(sizes, at::kLong).to(device, /*non_blocking=*/true).view({-1, 1, 1, 1});
  };
  const auto whole_numbers = at::TensorOptions(at::kLong).device(device);
  const at::Tensor rows = at::arange(batch.padded.height, whole_numbers).view({1, -1, 1, 1});
  const at::Tensor columns = at::arange(batch.padded.width, whole_numbers).view({1, 1, -1, 1});
  return (rows >= sizes_on_device(heights)) | (columns >= sizes_on_device(widths));
}

/// A color's three numbers as a tensor, so that the device divides by them: dividing by a plain
/// number it would multiply with the inverse, which rounds differently.
at::Tensor per_channel(const std::array<float, 3>& values, at::Device device) {
  return at::tensor(at::ArrayRef<float>(values.data(), 3), at::kFloat).to(device, true);  // [3]
}

}  // namespace

at::Tensor network_input(const MicroBatch& batch, at::Device device) {
  if (!device.is_cpu()) return normalize_on_device(batch, device);
  const at::Tensor pixels =
      at::empty({batch.size(), batch.padded.height, batch.padded.width, 3}, at::kFloat);
  normalize_into(batch, {pixels.data_ptr<float>(), static_cast<std::size_t>(pixels.numel())});
  return pixels.permute({0, 3, 1, 2});
}

at::Tensor normalize_on_device(const MicroBatch& batch, at::Device device) {
  auto* bytes = const_cast<std::uint8_t*>(batch.pixels.data());  // LibTorch has no const tensors
  const at::Tensor flat =
      at::from_blob(bytes, {static_cast<std::int64_t>(batch.pixels.size())}, at::kByte)
          .to(device, /*non_blocking=*/true);
  const at::Tensor padded = at::zeros({batch.size(), batch.padded.height, batch.padded.width, 3},
                                      at::TensorOptions(at::kByte).device(device));  // [B, H, W, 3]
  for (std::int64_t i = 0; i < batch.size(); ++i) {
    const auto place = static_cast<std::size_t>(i);
    const ImageSize size = batch.sizes[place];
    const at::Tensor picture =
        flat.narrow(0, static_cast<std::int64_t>(batch.offsets[place]), size.area() * 3)
            .view({size.height, size.width, 3});
    padded[i].narrow(0, 0, size.height).narrow(1, 0, size.width).copy_(picture);
  }
  const at::Tensor images = padded.to(at::kFloat)
                                .div_(per_channel({255.0F, 255.0F, 255.0F}, device))
                                .sub_(per_channel(kImageMean, device))
                                .div_(per_channel(kImageDeviation, device));
  images.masked_fill_(padding_of(batch, device), 0.0F);
  return images.permute({0, 3, 1, 2});
}

}  // namespace intr
