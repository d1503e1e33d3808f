// SPDX-License-Identifier: Apache-2.0
// The device is plain memory, and its streams are lists of calls: nothing happens before it is
// waited for.
#include "intr/comm/host_staging_communicator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "intr/comm/mpi_communicator.h"
#include "intr/comm/mpi_environment.h"

namespace intr {
namespace {

using Calls = std::vector<std::function<void()>>;

void run_all(Calls& stream) {
  for (const auto& call : std::exchange(stream, {})) call();
}

class LateCopy final : public Work {
 public:
  explicit LateCopy(std::function<void()> copy) : copy_(std::move(copy)) {}
  void wait() override {
    if (copy_) std::exchange(copy_, nullptr)();
  }
  void make_wait(StreamHandle stream) override {
    static_cast<Calls*>(stream)->push_back(std::exchange(copy_, nullptr));
  }

 private:
  std::function<void()> copy_;
};

struct Counts {
  int allocations = 0;
  int to_host = 0;
  int to_device = 0;
};

class FakeDevice final : public StagingDevice {
 public:
  explicit FakeDevice(Counts& counts) : counts_(counts) {}
  std::shared_ptr<std::byte[]> host_memory(std::size_t bytes) override {
    ++counts_.allocations;
    auto memory = std::make_shared<std::byte[]>(bytes);
    sizes_[memory.get()] = bytes;
    return memory;
  }
  std::unique_ptr<Work> copy_to_host(std::byte* to, const void* from, std::size_t bytes,
                                     StreamHandle after) override {
    ++counts_.to_host;
    EXPECT_LE(bytes, sizes_.at(to));
    return std::make_unique<LateCopy>([=] {
      run_all(*static_cast<Calls*>(after));
      std::copy_n(static_cast<const std::byte*>(from), bytes, to);
    });
  }
  std::unique_ptr<Work> copy_to_device(void* to, const std::byte* from,
                                       std::size_t bytes) override {
    ++counts_.to_device;
    return std::make_unique<LateCopy>(
        [=] { std::copy_n(from, bytes, static_cast<std::byte*>(to)); });
  }

 private:
  Counts& counts_;
  std::map<const std::byte*, std::size_t> sizes_;
};

class HostStagingTest : public testing::Test {
 protected:
  std::unique_ptr<Work> sum(std::vector<float>& values) {
    return communicator_->allreduce({values.data(), values.size(), ElementType::f32}, Op::sum,
                                    &stream_, tag_);
  }

  MpiEnvironment mpi_;
  Counts counts_;
  std::unique_ptr<Communicator> communicator_ = make_host_staging_communicator(
      std::make_unique<MpiCommunicator>(mpi_), std::make_unique<FakeDevice>(counts_));
  Calls stream_;
  const float ranks_ = static_cast<float>(communicator_->world_size());
  const Tag tag_{"test"};
};

TEST_F(HostStagingTest, AddsUpWhatTheStreamLeavesInTheBuffer) {
  std::vector<float> values(1000, -1);
  stream_.push_back([&] { values.assign(1000, 2); });
  const auto work = sum(values);
  EXPECT_TRUE(stream_.empty()) << "copied before the work of the stream was done";
  work->wait();
  work->wait();
  EXPECT_EQ(values, std::vector<float>(1000, 2 * ranks_));
  EXPECT_EQ(counts_.to_host, 1);
  EXPECT_EQ(counts_.to_device, 1);
}

TEST_F(HostStagingTest, TheStreamThatWaitsHasTheCopyBack) {
  std::vector<float> values(10, 3);
  Calls later;
  const auto work = sum(values);
  work->make_wait(&later);
  EXPECT_EQ(values[9], 3.0F) << "the copy back belongs to the device";
  ASSERT_EQ(later.size(), 1u);
  run_all(later);
  EXPECT_EQ(values, std::vector<float>(10, 3 * ranks_));
}

TEST_F(HostStagingTest, SeveralAreUnderWayAndMemoryIsUsedAgain) {
  for (int step = 0; step < 3; ++step) {
    std::vector<float> large(5000, 1), small(10, 2), none;
    const auto first = sum(step == 0 ? small : large);
    const auto second = sum(step == 0 ? large : small);
    const auto third = sum(none);
    third->wait();
    second->wait();
    first->wait();
    EXPECT_EQ(large, std::vector<float>(5000, ranks_));
    EXPECT_EQ(small, std::vector<float>(10, 2 * ranks_));
  }
  EXPECT_EQ(counts_.allocations, 3);
}

TEST_F(HostStagingTest, BroadcastsFromEveryRoot) {
  for (int root = 0; root < communicator_->world_size(); ++root) {
    std::vector<std::uint8_t> values(7, static_cast<std::uint8_t>(communicator_->rank() + 1));
    communicator_->broadcast({values.data(), 7, ElementType::u8}, root, &stream_, tag_)->wait();
    EXPECT_EQ(values, std::vector<std::uint8_t>(7, static_cast<std::uint8_t>(root + 1)));
  }
}

TEST_F(HostStagingTest, TheControlPlaneIsThatOfTheHost) {
  EXPECT_EQ(communicator_->info().back_end, "host");
  EXPECT_EQ(communicator_->rank(), mpi_.rank());
  std::vector<std::int64_t> whole = {1};
  communicator_->allreduce_now(std::span(whole), Op::sum, tag_);
  EXPECT_EQ(whole[0], communicator_->world_size());
  std::vector<double> real = {0.5};
  communicator_->allreduce_now(std::span(real), Op::sum, tag_);
  EXPECT_EQ(real[0], 0.5 * communicator_->world_size());
  EXPECT_EQ(communicator_->broadcast_text(mpi_.rank() == 0 ? "hello" : "", 0, tag_), "hello");
  const std::byte mine{7};
  const auto all = communicator_->gather(std::span(&mine, 1), 0, tag_);
  EXPECT_EQ(std::ssize(all), mpi_.rank() == 0 ? communicator_->world_size() : 0);
  communicator_->barrier(tag_);
  EXPECT_EQ(counts_.to_host, 0);
}

}  // namespace
}  // namespace intr
