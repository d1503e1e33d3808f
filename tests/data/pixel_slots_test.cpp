// SPDX-License-Identifier: Apache-2.0
#include "intr/data/pixel_slots.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <thread>
#include <utility>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(PixelSlots, LendsEachSlotOnceUntilItComesBack) {
  int returns = 0;
  PixelSlots slots(2, 100, {}, [&] { ++returns; });
  std::optional<PixelLease> first = slots.lend();
  std::optional<PixelLease> second = slots.lend();
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(slots.lend());
  EXPECT_EQ(first->memory().size(), 100u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first->memory().data()) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second->memory().data()) % 64, 0u);
  EXPECT_GE(std::abs(first->memory().data() - second->memory().data()), 100);
  const std::uint8_t* place = first->memory().data();
  first.reset();
  EXPECT_EQ(returns, 1);
  EXPECT_EQ(slots.num_free(), 1);
  EXPECT_EQ(slots.lend()->memory().data(), place) << "the same memory again";
}

TEST(PixelSlots, MovesDoNotGiveBack) {
  PixelSlots slots(1, 8);
  PixelLease lease = std::move(*slots.lend());
  PixelLease moved = std::move(lease);
  EXPECT_EQ(slots.num_free(), 0);
  EXPECT_TRUE(lease.memory().empty());
  moved = PixelLease();
  EXPECT_EQ(slots.num_free(), 1);
}

TEST(PixelSlots, MemoryLivesAsLongAsTheLastLeaseAndEndsInAnyThread) {
  int allocated = 0, leaving = 0;
  PixelLease lease;
  {
    PixelSlots slots(
        3, 1 << 22,
        {.allocated =
             [&](std::span<std::uint8_t> all) { allocated += all.size() >= (3u << 22) ? 1 : 100; },
         .leaving = [&](std::span<std::uint8_t>) { ++leaving; }});
    lease = std::move(*slots.lend());
  }
  EXPECT_EQ(allocated, 1);
  EXPECT_EQ(leaving, 0);
  lease.memory().front() = 1;
  lease.memory().back() = 2;
  std::thread([last = std::move(lease)]() mutable { last = PixelLease(); }).join();
  EXPECT_EQ(leaving, 1);
}

TEST(PixelSlots, RefusesWhatTheSystemDoesNotHave) {
  EXPECT_THROW(PixelSlots(1, std::size_t{1} << 60), EnvironmentError);
  EXPECT_THROW(PixelSlots(4, std::numeric_limits<std::size_t>::max() / 4), InternalError);
  EXPECT_THROW(PixelSlots(0, 8), InternalError);
  EXPECT_EQ(PixelSlots(2, 0).lend()->memory().size(), 0u) << "batches without pictures";
}

}  // namespace
}  // namespace intr
