// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace intr {

/// Streams of feistel8-v1: independent permutations of one epoch. On disk (results depend on it):
/// never renumber. Windows of shards use kWindowStream + window number, windows of size buckets
/// kBucketStream + window number.
inline constexpr std::uint64_t kSampleStream = 0;
inline constexpr std::uint64_t kShardStream = 1;
inline constexpr std::uint64_t kWindowStream = std::uint64_t{2} << 32;
inline constexpr std::uint64_t kBucketStream = std::uint64_t{3} << 32;

/// The order "feistel8-v1": a bijection of 0 … count - 1 that is a pure function of (seed, epoch,
/// stream). Any position is computed at once, without a table: eight rounds of a balanced Feistel
/// network over the next even number of bits, walked again until the value falls below `count`.
class SampleOrder {
 public:
  /// @param count at least 1
  SampleOrder(std::uint64_t count, std::uint64_t seed, std::uint64_t epoch,
              std::uint64_t stream = kSampleStream);

  /// What stands at a position. @param position below count
  std::uint64_t at(std::uint64_t position) const noexcept;
  std::uint64_t count() const noexcept { return count_; }

 private:
  std::uint64_t count_;
  unsigned half_bits_;
  std::array<std::uint64_t, 8> keys_{};
};

/// SplitMix64's finalizer after its increment; mix64(0) = 0xe220a8397b1dcdaf.
std::uint64_t mix64(std::uint64_t value) noexcept;

}  // namespace intr
