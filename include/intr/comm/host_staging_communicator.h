// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "intr/comm/communicator.h"

namespace intr {

/// Copies between a device's memory and the host's. Copies of one device run one after another.
class StagingDevice {
 public:
  virtual ~StagingDevice() = default;
  /// Host memory that copies reach without a stop on the way; there as long as the pointer.
  virtual std::shared_ptr<std::byte[]> host_memory(std::size_t bytes) = 0;
  /// Starts a copy behind the earlier work of stream `after`.
  virtual std::unique_ptr<Work> copy_to_host(std::byte* to, const void* from, std::size_t bytes,
                                             StreamHandle after) = 0;
  virtual std::unique_ptr<Work> copy_to_device(void* to, const std::byte* from,
                                               std::size_t bytes) = 0;
};

/// Data plane for several ranks on one GPU, which NCCL refuses: device memory is copied to the
/// host, added up there by `host`, and copied back. A collective returns when its copy to the host
/// is done; wait() and make_wait() both wait on the host until the ranks are through, and
/// make_wait() leaves the copy back to the device.
/// @param host adds up host memory, and carries the control plane
std::unique_ptr<Communicator> make_host_staging_communicator(std::unique_ptr<Communicator> host,
                                                             std::unique_ptr<StagingDevice> device);

}  // namespace intr
