// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "intr/comm/communicator.h"

namespace intr {

/// One rank alone: every collective leaves the caller's memory as it is and has ended on return.
class SelfCommunicator : public Communicator {
 public:
  explicit SelfCommunicator(std::string node = "localhost");
  const WorldInfo& info() const noexcept override { return info_; }
  std::unique_ptr<Work> allreduce(Buffer inout, Op op, StreamHandle after, Tag tag) override;
  std::unique_ptr<Work> broadcast(Buffer inout, int root, StreamHandle after, Tag tag) override;
  void allreduce_now(std::span<std::int64_t> values, Op op, Tag tag) override;
  void allreduce_now(std::span<double> values, Op op, Tag tag) override;
  void broadcast_bytes(std::vector<std::byte>& bytes, int root, Tag tag) override;
  std::vector<std::vector<std::byte>> gather(std::span<const std::byte> mine, int root,
                                             Tag tag) override;
  void barrier(Tag tag) override;

 private:
  WorldInfo info_;
};

}  // namespace intr
