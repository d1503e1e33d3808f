// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include <optional>
#include <vector>

namespace intr {

/// A place in the work that a device was given: what was asked for before is done when the device
/// reaches it. A CPU has always reached it.
class DeviceMark {
 public:
  /// Behind all that was asked of the device so far, on the stream that LibTorch uses.
  explicit DeviceMark(at::Device device);

  bool reached() const;
  /// Waits until it is reached.
  void wait() const;
  /// Seconds of the device from an earlier mark to this one; both must be reached.
  double seconds_since(const DeviceMark& earlier) const;

 private:
  std::optional<c10::Event> event_;  ///< none on a CPU
  double host_seconds_ = 0;          ///< on a CPU
};

/// Numbers that a device computes, on their way to the host: nobody waits until they are asked for,
/// and nothing that the device is given meanwhile holds them up.
class HostCopy {
 public:
  /// @param values [n] double
  explicit HostCopy(const at::Tensor& values);
  /// Waits for them. @return n values
  std::vector<double> wait() const;

 private:
  at::Tensor host_;  ///< pinned where the device is a GPU
  DeviceMark arrived_;
};

}  // namespace intr
