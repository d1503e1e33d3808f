// SPDX-License-Identifier: Apache-2.0
#include "intr/train/device.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "intr/comm/communicator.h"
#include "intr/comm/gpu_staging.h"
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

/// LibTorch's message without what it knows about itself.
std::string first_line(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  return text.substr(0, text.find('\n'));
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
  const at::Device device(at::kCUDA, checked_cast<at::DeviceIndex>(local_rank % gpus));
  c10::impl::getDeviceGuardImpl(at::kCUDA)->setDevice(device);
  return device;
}

ExitCode with_device_errors(const std::function<ExitCode()>& work) {
  try {
    return work();
  } catch (const c10::OutOfMemoryError& error) {
    throw EnvironmentError("the GPU's memory is full: " + first_line(error), "GPU",
                           "use a smaller --micro-batch, --eval-batch-size or --batch-size, or see "
                           "in nvidia-smi who else uses it");
  } catch (const c10::AcceleratorError& error) {
    throw EnvironmentError("the GPU failed: " + first_line(error), "GPU",
                           "see nvidia-smi and the system log of this node");
  }
}

SlotMemoryHook pinned_for(at::Device device) {
  if (device.is_cpu()) return {};
  return {.allocated = pin_memory, .leaving = unpin_memory};
}

std::string back_end_for(const std::string& comm_option, at::Device device, int world_size) {
  require_choice("comm", comm_option, back_end_names());
  if (comm_option == "auto") return world_size == 1 ? "self" : device.is_cpu() ? "mpi" : "auto";
  if ((comm_option == "nccl" || comm_option == "host") && device.is_cpu())
    throw EnvironmentError(comm_option + " moves GPU memory, this run is on the CPU", "--comm",
                           "use --comm auto");
  if ((comm_option == "mpi" || comm_option == "fixed") && !device.is_cpu())
    throw UsageError(comm_option + " moves CPU memory, this run is on a GPU", "--comm",
                     "use --comm auto, or --device cpu");
  return comm_option;
}

}  // namespace intr
