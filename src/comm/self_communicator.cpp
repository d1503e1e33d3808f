// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/self_communicator.h"

#include <fmt/format.h>

#include "intr/core/error.h"

namespace intr {
namespace {

/// Nothing was started, so nothing is waited for; device work stays in its own stream's order.
class DoneWork final : public Work {
 public:
  void wait() override {}
  void make_wait(StreamHandle) override {}
};

void check_root(int root) {
  if (root != 0) throw InternalError(fmt::format("rank {} of a job of one rank was named", root));
}

}  // namespace

SelfCommunicator::SelfCommunicator(std::string node) {
  info_.node = std::move(node);
  info_.back_end = "self";
}

std::unique_ptr<Work> SelfCommunicator::allreduce(Buffer, Op, StreamHandle, Tag) {
  return std::make_unique<DoneWork>();
}

std::unique_ptr<Work> SelfCommunicator::broadcast(Buffer, int root, StreamHandle, Tag) {
  check_root(root);
  return std::make_unique<DoneWork>();
}

void SelfCommunicator::allreduce_now(std::span<std::int64_t>, Op, Tag) {}
void SelfCommunicator::allreduce_now(std::span<double>, Op, Tag) {}

void SelfCommunicator::broadcast_bytes(std::vector<std::byte>&, int root, Tag) { check_root(root); }

std::vector<std::vector<std::byte>> SelfCommunicator::gather(std::span<const std::byte> mine,
                                                             int root, Tag) {
  check_root(root);
  return {std::vector<std::byte>(mine.begin(), mine.end())};
}

void SelfCommunicator::barrier(Tag) {}

}  // namespace intr
