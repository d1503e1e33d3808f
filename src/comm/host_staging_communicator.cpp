// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/host_staging_communicator.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "data_plane_communicator.h"

namespace intr {
namespace {

using HostMemory = std::shared_ptr<std::byte[]>;

class StagedWork final : public Work {
 public:
  StagedWork(StagingDevice& device, Buffer buffer, HostMemory memory, std::unique_ptr<Work> on_host)
      : device_(device),
        buffer_(buffer),
        memory_(std::move(memory)),
        on_host_(std::move(on_host)) {}
  StagedWork(const StagedWork&) = delete;
  StagedWork& operator=(const StagedWork&) = delete;
  ~StagedWork() override {
    if (copy_back_ || std::uncaught_exceptions() == 0) return;
    // Nobody waits for the other ranks any more, but the thread of the messages may still write.
    static_cast<void>(new HostMemory(std::move(memory_)));
  }
  void wait() override { copy_back().wait(); }
  void make_wait(StreamHandle stream) override { copy_back().make_wait(stream); }

 private:
  Work& copy_back() {
    if (!copy_back_) {
      on_host_->wait();
      copy_back_ = device_.copy_to_device(buffer_.data, memory_.get(), num_bytes(buffer_));
    }
    return *copy_back_;
  }

  StagingDevice& device_;
  Buffer buffer_;
  HostMemory memory_;
  std::unique_ptr<Work> on_host_;
  std::unique_ptr<Work> copy_back_;
};

class HostStagingCommunicator final : public DataPlaneCommunicator {
 public:
  HostStagingCommunicator(std::unique_ptr<Communicator> host, std::unique_ptr<StagingDevice> device)
      : DataPlaneCommunicator(std::move(host), "host"), device_(std::move(device)) {}

  std::unique_ptr<Work> allreduce(Buffer inout, Op op, StreamHandle after, Tag tag) override {
    return staged(inout, after,
                  [&](Buffer on_host) { return control().allreduce(on_host, op, nullptr, tag); });
  }
  std::unique_ptr<Work> broadcast(Buffer inout, int root, StreamHandle after, Tag tag) override {
    return staged(inout, after,
                  [&](Buffer on_host) { return control().broadcast(on_host, root, nullptr, tag); });
  }

 private:
  struct Staging {
    HostMemory memory;
    std::size_t bytes = 0;
  };

  template <class Collective>
  std::unique_ptr<Work> staged(Buffer buffer, StreamHandle after, const Collective& collective) {
    HostMemory memory = free_memory(num_bytes(buffer));
    device_->copy_to_host(memory.get(), buffer.data, num_bytes(buffer), after)->wait();
    auto on_host = collective(Buffer{memory.get(), buffer.count, buffer.dtype});
    return std::make_unique<StagedWork>(*device_, buffer, std::move(memory), std::move(on_host));
  }

  /// Kept for the next step: pinning memory takes longer than copying it. A copy back from a part
  /// whose Work is gone may still run; the next copy into it comes behind that.
  HostMemory free_memory(std::size_t bytes) {
    const auto free = std::find_if(staging_.begin(), staging_.end(), [&](const Staging& part) {
      return part.memory.use_count() == 1 && part.bytes >= bytes;
    });
    if (free != staging_.end()) return free->memory;
    return staging_.emplace_back(device_->host_memory(bytes), bytes).memory;
  }

  std::unique_ptr<StagingDevice> device_;
  std::vector<Staging> staging_;
};

}  // namespace

std::unique_ptr<Communicator> make_host_staging_communicator(
    std::unique_ptr<Communicator> host, std::unique_ptr<StagingDevice> device) {
  return std::make_unique<HostStagingCommunicator>(std::move(host), std::move(device));
}

}  // namespace intr
