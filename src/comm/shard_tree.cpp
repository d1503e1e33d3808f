// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/shard_tree.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <bit>
#include <utility>

#include "intr/core/error.h"

namespace intr {

ShardTree::ShardTree(at::Tensor values, std::int64_t num_shards)
    : values_(std::move(values)), num_shards_(num_shards) {
  if (num_shards < 1 || !std::has_single_bit(static_cast<std::uint64_t>(num_shards)))
    throw InternalError(fmt::format("{} shards of a rank", num_shards));
  for (std::int64_t size = 1; size < num_shards; size *= 2)
    spares_.push_back(at::empty_like(values_));
}

void ShardTree::take() {
  if (num_taken_ + 1 >= num_shards_)
    throw InternalError(fmt::format("one shard more than {} before the last", num_taken_));
  const at::NoGradGuard no_grad;
  std::size_t level = 0;
  for (; (num_taken_ >> level & 1) != 0; ++level)
    at::add_out(values_, spares_[level], values_);  // lower + higher
  spares_[level].copy_(values_);
  values_.zero_();
  ++num_taken_;
}

void ShardTree::finish(std::int64_t begin, std::int64_t end) {
  if (num_taken_ + 1 != num_shards_)
    throw InternalError(
        fmt::format("the last of {} shards after {} others", num_shards_, num_taken_));
  const at::NoGradGuard no_grad;
  at::Tensor higher = values_.narrow(0, begin, end - begin);
  for (const at::Tensor& spare : spares_)
    at::add_out(higher, spare.narrow(0, begin, end - begin), higher);
}

}  // namespace intr
