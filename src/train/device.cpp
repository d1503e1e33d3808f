// SPDX-License-Identifier: Apache-2.0
#include "intr/train/device.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <fmt/format.h>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/core/option_set.h"

namespace intr {
namespace {

/// GPUs that this process sees; 0 in a CPU build, where nothing registers for CUDA.
int num_gpus() {
  if (!c10::impl::hasDeviceGuardImpl(at::kCUDA)) return 0;
  return c10::impl::getDeviceGuardImpl(at::kCUDA)->deviceCount();
}

}  // namespace

at::Device choose_device(const std::string& option, int local_rank) {
  require_choice("device", option, {"auto", "cpu", "cuda"});
  const int gpus = option == "cpu" ? 0 : num_gpus();
  if (gpus == 0) {
    if (option != "cuda") return at::kCPU;
    throw EnvironmentError("no GPU is visible to this build", "--device cuda",
                           "use --device cpu; a GPU needs the preset gpu-release, a driver and "
                           "CUDA_VISIBLE_DEVICES that shows one");
  }
  const int index = gpus == 1 ? 0 : local_rank;
  if (index >= gpus) {
    throw EnvironmentError(
        fmt::format("rank {} of this node has no GPU: {} are visible", local_rank, gpus),
        "--device", "start one rank per GPU");
  }
  const at::Device device(at::kCUDA, checked_cast<at::DeviceIndex>(index));
  c10::impl::getDeviceGuardImpl(at::kCUDA)->setDevice(device);
  return device;
}

std::string back_end_for(const std::string& comm_option, at::Device device, int world_size) {
  require_choice("comm", comm_option, {"auto", "self", "mpi", "fixed", "nccl"});
  if (comm_option == "auto") return world_size == 1 ? "self" : device.is_cpu() ? "mpi" : "nccl";
  if (comm_option == "nccl" && device.is_cpu())
    throw UsageError("nccl moves GPU memory, this run is on the CPU", "--comm", "use --comm mpi");
  if ((comm_option == "mpi" || comm_option == "fixed") && !device.is_cpu())
    throw UsageError(comm_option + " moves CPU memory, this run is on a GPU", "--comm",
                     "use --comm nccl, or --device cpu");
  return comm_option;
}

}  // namespace intr
