// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace intr {

/// Memory for encoded bytes that were read ahead, used again from read to read and capped. For one
/// thread at a time.
class EncodedBlocks {
 public:
  /// What one read brought: the records of one or more pictures.
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t capacity = 0;
    std::int64_t users = 0;  ///< pictures that are not decoded yet
  };

  explicit EncodedBlocks(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// A block of at least this many bytes, or null if the cap is reached. One read always fits when
  /// nothing else is in use.
  Block* take(std::size_t bytes, std::int64_t users);
  /// One picture of the block is done with it.
  void leave(Block* block);

  std::size_t bytes() const noexcept { return bytes_; }  ///< held, in use or not

 private:
  void drop_free();

  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::vector<std::unique_ptr<Block>> in_use_, free_;
};

}  // namespace intr
