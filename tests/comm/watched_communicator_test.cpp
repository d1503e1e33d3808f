// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/watched_communicator.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "intr/comm/mpi_environment.h"
#include "intr/comm/self_communicator.h"
#include "intr/core/error.h"

namespace intr {
namespace {

class WatchedCommunicatorTest : public testing::Test {
 protected:
  MpiEnvironment mpi_;
  std::unique_ptr<Communicator> inner_ = make_communicator("auto", mpi_);
  WatchedSections sections_{{}, 0};
  const Tag tag_{.section = "test", .step = 3, .bucket = 1};
};

TEST_F(WatchedCommunicatorTest, EveryCallIsPassedOnAndCounted) {
  WatchedCommunicator watched(*inner_, sections_);
  const auto size = static_cast<std::int64_t>(watched.world_size());
  EXPECT_EQ(watched.rank(), inner_->rank());
  std::vector<float> values = {1, 2};
  watched.allreduce({values.data(), 2, ElementType::f32}, Op::sum, nullptr, tag_)->wait();
  EXPECT_EQ(values[1], 2 * static_cast<float>(size));
  watched.broadcast({values.data(), 2, ElementType::f32}, 0, nullptr, tag_)->make_wait(nullptr);
  std::array<std::int64_t, 1> whole = {5};
  watched.allreduce_now(std::span<std::int64_t>(whole), Op::sum, tag_);
  EXPECT_EQ(whole[0], 5 * size);
  std::array<double, 1> real = {0.5};
  watched.allreduce_now(std::span<double>(real), Op::max, tag_);
  EXPECT_EQ(real[0], 0.5);
  EXPECT_EQ(watched.broadcast_text(watched.rank() == 0 ? "hello" : "", 0, tag_), "hello");
  const std::uint8_t mine = static_cast<std::uint8_t>(watched.rank());
  const auto all = watched.gather(std::as_bytes(std::span(&mine, 1)), 0, tag_);
  EXPECT_EQ(std::ssize(all), watched.rank() == 0 ? size : 0);
  watched.barrier(tag_);
  watched.agree("nothing", 7, tag_);
  const WatchedPlace place = sections_.place(0);
  EXPECT_EQ(place.collectives, 8);
  EXPECT_EQ(place.waiting, 0);
  EXPECT_EQ(describe(place.last), "test, step 3, bucket 1");
}

TEST_F(WatchedCommunicatorTest, TheOtherOneKnowsWhetherPeersAreThere) {
  class Lonely final : public SelfCommunicator {
    void check_peers() override { throw PeerError("gone"); }
  } lonely;
  EXPECT_THROW(WatchedCommunicator(lonely, sections_).check_peers(), PeerError);
  EXPECT_NO_THROW(WatchedCommunicator(*inner_, sections_).check_peers());
}

TEST_F(WatchedCommunicatorTest, ACollectiveUnderWayIsWaitedFor) {
  WatchedCommunicator watched(*inner_, sections_);
  float value = 1;
  const auto work = watched.allreduce({&value, 1, ElementType::f32}, Op::sum, nullptr, tag_);
  EXPECT_EQ(sections_.place(0).waiting, 1);
  work->wait();
  work->wait();
  EXPECT_EQ(sections_.place(0).waiting, 0);
}

TEST_F(WatchedCommunicatorTest, DelaysQueueUpOnOneWire) {
  WatchedCommunicator slow(*inner_, sections_,
                           {.seconds = 0.02, .jitter_s = 0.001, .seconds_per_byte = 0.001});
  const auto start = std::chrono::steady_clock::now();
  std::vector<float> values(10);
  const Buffer buffer{values.data(), values.size(), ElementType::f32};
  const auto first = slow.allreduce(buffer, Op::sum, nullptr, tag_);
  const auto second = slow.allreduce(buffer, Op::sum, nullptr, tag_);
  first->wait();
  second->wait();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  EXPECT_GE(passed.count(), 2 * (0.02 + 40 * 0.001));
}

}  // namespace
}  // namespace intr
