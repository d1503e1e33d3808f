// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "intr/comm/communicator.h"

namespace intr {

/// A data plane of its own beside the control plane of another communicator.
class DataPlaneCommunicator : public Communicator {
 public:
  const WorldInfo& info() const noexcept override { return info_; }
  void allreduce_now(std::span<std::int64_t> values, Op op, Tag tag) override {
    control_->allreduce_now(values, op, tag);
  }
  void allreduce_now(std::span<double> values, Op op, Tag tag) override {
    control_->allreduce_now(values, op, tag);
  }
  void broadcast_bytes(std::vector<std::byte>& bytes, int root, Tag tag) override {
    control_->broadcast_bytes(bytes, root, tag);
  }
  std::vector<std::vector<std::byte>> gather(std::span<const std::byte> mine, int root,
                                             Tag tag) override {
    return control_->gather(mine, root, tag);
  }
  void barrier(Tag tag) override { control_->barrier(tag); }

 protected:
  DataPlaneCommunicator(std::unique_ptr<Communicator> control, std::string back_end)
      : control_(std::move(control)), info_(control_->info()) {
    info_.back_end = std::move(back_end);
  }
  Communicator& control() noexcept { return *control_; }

 private:
  std::unique_ptr<Communicator> control_;
  WorldInfo info_;
};

}  // namespace intr
