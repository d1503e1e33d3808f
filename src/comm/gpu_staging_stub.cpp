// SPDX-License-Identifier: Apache-2.0
// Stands for gpu_staging.cpp in CPU builds.
#include "intr/comm/gpu_staging.h"
#include "intr/core/error.h"

namespace intr {

std::string gpu_of_rank(int) { return {}; }

std::unique_ptr<StagingDevice> make_gpu_staging(int) {
  throw EnvironmentError("built without CUDA", "--comm host",
                         "use --comm auto, or build the preset gpu-release");
}

void pin_memory(std::span<std::uint8_t>) {
  throw EnvironmentError("built without CUDA, no memory can be pinned for a GPU", "--device",
                         "use --device cpu, or build the preset gpu-release");
}

void unpin_memory(std::span<std::uint8_t>) noexcept {}

}  // namespace intr
