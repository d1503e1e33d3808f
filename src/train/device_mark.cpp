// SPDX-License-Identifier: Apache-2.0
#include "intr/train/device_mark.h"

#include <ATen/ops/empty.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "intr/core/stopwatch.h"

namespace intr {
namespace {

at::Tensor copied_to_host(const at::Tensor& values) {
  const auto options =
      at::TensorOptions().dtype(at::kDouble).pinned_memory(values.device().is_cuda());
  at::Tensor host = at::empty(values.sizes(), options);
  host.copy_(values, /*non_blocking=*/true);
  return host;
}

}  // namespace

DeviceMark::DeviceMark(at::Device device) {
  if (device.is_cpu()) {
    host_seconds_ = steady_seconds();
    return;
  }
  event_.emplace(device.type(), c10::EventFlag::BACKEND_DEFAULT);  // one with a time
  event_->record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
}

bool DeviceMark::reached() const { return !event_ || event_->query(); }

void DeviceMark::wait() const {
  if (event_) event_->synchronize();
}

double DeviceMark::seconds_since(const DeviceMark& earlier) const {
  return event_ ? 1e-3 * earlier.event_->elapsedTime(*event_)
                : host_seconds_ - earlier.host_seconds_;
}

HostCopy::HostCopy(const at::Tensor& values)
    : host_(copied_to_host(values)), arrived_(values.device()) {}

std::vector<double> HostCopy::wait() const {
  arrived_.wait();
  const auto* first = host_.const_data_ptr<double>();
  return {first, first + host_.numel()};
}

}  // namespace intr
