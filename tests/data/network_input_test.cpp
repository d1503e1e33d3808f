// SPDX-License-Identifier: Apache-2.0
#include "intr/data/network_input.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <utility>

namespace intr {
namespace {

/// Pictures that hold every byte value, of the given sizes.
MicroBatch batch_of(const std::vector<ImageSize>& sizes) {
  MicroBatch batch;
  std::vector<std::uint8_t> pixels;
  for (const ImageSize& size : sizes) {
    batch.rows.push_back(std::ssize(batch.rows));
    batch.sizes.push_back(size);
    batch.offsets.push_back(pixels.size());
    batch.padded.height = std::max(batch.padded.height, size.height);
    batch.padded.width = std::max(batch.padded.width, size.width);
    for (std::int64_t i = 0; i < size.area() * 3; ++i)
      pixels.push_back(static_cast<std::uint8_t>((i + i / 256) % 256));
  }
  batch.own(std::move(pixels));
  return batch;
}

TEST(NetworkInput, TheWayForDevicesGivesTheBitsOfTheWayForProcessors) {
  for (const std::vector<ImageSize>& sizes :
       {std::vector<ImageSize>{{40, 30}, {17, 64}, {1, 1}}, {{33, 25}, {33, 25}}}) {
    const MicroBatch batch = batch_of(sizes);
    const at::Tensor expected = network_input(batch, at::kCPU);
    const at::Tensor found = normalize_on_device(batch, at::kCPU);
    EXPECT_TRUE(torch::equal(expected, found));
    EXPECT_EQ(found.strides(), expected.strides());
  }
}

TEST(NetworkInput, IsChannelsLastAndZeroWherePadded) {
  const at::Tensor input = network_input(batch_of({{2, 3}, {4, 2}}), at::kCPU);
  EXPECT_EQ(input.sizes(), (at::IntArrayRef{2, 3, 4, 3}));
  EXPECT_TRUE(input.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_EQ(input[0].narrow(1, 2, 2).abs().max().item<float>(), 0.0F);  // rows below
  EXPECT_EQ(input[1].narrow(2, 2, 1).abs().max().item<float>(), 0.0F);  // column at the right
  EXPECT_NE(input[1].narrow(2, 0, 2).abs().min().item<float>(), 0.0F);
}

}  // namespace
}  // namespace intr
