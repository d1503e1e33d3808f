// SPDX-License-Identifier: Apache-2.0
#include "encoded_blocks.h"

#include <algorithm>
#include <utility>

namespace intr {
namespace {

/// Capacities are multiples of this, so that blocks fit most later reads.
constexpr std::size_t kGrain = std::size_t{64} << 10;

}  // namespace

EncodedBlocks::Block* EncodedBlocks::take(std::size_t bytes, std::int64_t users) {
  const auto fits = [&](const auto& block) { return block->capacity >= bytes; };
  const auto found = std::find_if(free_.begin(), free_.end(), fits);
  if (found != free_.end()) {
    in_use_.push_back(std::move(*found));
    free_.erase(found);
  } else {
    const std::size_t capacity = (bytes + kGrain - 1) / kGrain * kGrain;
    if (bytes_ + capacity > most_bytes_) drop_free();
    if (bytes_ + capacity > most_bytes_ && !in_use_.empty()) return nullptr;
    in_use_.push_back(std::make_unique<Block>());
    in_use_.back()->memory.reset(new std::byte[capacity]);
    in_use_.back()->capacity = capacity;
    bytes_ += capacity;
  }
  in_use_.back()->users = users;
  return in_use_.back().get();
}

void EncodedBlocks::leave(Block* block) {
  if (--block->users > 0) return;
  const auto found = std::find_if(in_use_.begin(), in_use_.end(),
                                  [&](const auto& each) { return each.get() == block; });
  if (block->capacity > most_bytes_) {  // one huge picture's
    bytes_ -= block->capacity;
  } else {
    free_.push_back(std::move(*found));
  }
  in_use_.erase(found);
}

void EncodedBlocks::drop_free() {
  for (const auto& block : free_) bytes_ -= block->capacity;
  free_.clear();
}

}  // namespace intr
