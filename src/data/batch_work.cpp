// SPDX-License-Identifier: Apache-2.0
#include "batch_work.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace intr {

BatchWork::BatchWork(BatchOrder what, const DataIndex& index) : order(std::move(what)) {
  MicroBatch& batch = order.batch;
  for (const TransformPlan& plan : order.plans) {
    batch.sizes.push_back(plan.final);
    batch.offsets.push_back(pixel_bytes);
    batch.padded.height = std::max(batch.padded.height, plan.final.height);
    batch.padded.width = std::max(batch.padded.width, plan.final.width);
    pixel_bytes += static_cast<std::size_t>(plan.final.area()) * 3;
  }
  pictures.resize(batch.rows.size());
  read_order.resize(batch.rows.size());
  std::iota(read_order.begin(), read_order.end(), std::size_t{0});
  std::sort(read_order.begin(), read_order.end(), [&](std::size_t a, std::size_t b) {
    const auto place = [&](std::size_t picture) {
      const std::int64_t row = batch.rows[picture];
      return std::tuple(index.shard_of(row), index.begin(row), picture);
    };
    return place(a) < place(b);
  });
  for (const std::int64_t row : batch.rows) batch.figures.bytes += index.length(row);
}

std::span<std::uint8_t> BatchWork::place_of(std::size_t picture) const {
  const auto bytes = static_cast<std::size_t>(order.plans[picture].final.area()) * 3;
  return lease->memory().subspan(order.batch.offsets[picture], bytes);
}

std::optional<std::size_t> BatchWork::untaken() const {
  std::optional<std::size_t> unread;
  for (std::size_t picture = 0; picture < pictures.size(); ++picture) {
    const PictureWork& work = pictures[picture];
    if (work.taken) continue;
    if (work.bytes == PictureWork::Bytes::kRead) return picture;
    if (work.bytes == PictureWork::Bytes::kUnread && !unread) unread = picture;
  }
  return unread;
}

}  // namespace intr
