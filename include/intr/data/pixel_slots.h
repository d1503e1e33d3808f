// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace intr {

/// Holds memory of pixels and gives it back when it goes: from any thread, also after the loader
/// that lent it. Move-only.
class PixelLease {
 public:
  PixelLease() = default;
  PixelLease(PixelLease&& other) noexcept;
  PixelLease& operator=(PixelLease&& other) noexcept;
  ~PixelLease();

  /// The memory; nothing without a loan.
  std::span<std::uint8_t> memory() const noexcept { return memory_; }

 private:
  friend class PixelSlots;
  struct Lender;
  PixelLease(std::shared_ptr<Lender> lender, std::size_t slot, std::span<std::uint8_t> memory);

  std::shared_ptr<Lender> lender_;
  std::size_t slot_ = 0;
  std::span<std::uint8_t> memory_;
};

/// What another library does with the memory of all slots, such as pinning it for copies to a
/// device. Both may be empty.
struct SlotMemoryHook {
  std::function<void(std::span<std::uint8_t>)> allocated;  ///< before the first slot is lent
  std::function<void(std::span<std::uint8_t>)> leaving;    ///< before it is freed
};

/// Memory for the pixels of a fixed number of micro-batches, allocated once: page-aligned, each
/// slot at a multiple of 64 bytes. It lives as long as the last lease. Thread-safe.
class PixelSlots {
 public:
  /// @param bytes    of each slot
  /// @param returned called after each return, by the thread that returns and without a lock; it
  ///                 must work as long as any lease lives
  /// @throws EnvironmentError if the memory is not there
  PixelSlots(std::int64_t count, std::size_t bytes, SlotMemoryHook hook = {},
             std::function<void()> returned = {});

  /// A free slot, or nothing if all are lent.
  std::optional<PixelLease> lend();
  std::int64_t num_free() const;

 private:
  std::shared_ptr<PixelLease::Lender> lender_;
};

}  // namespace intr
