// SPDX-License-Identifier: Apache-2.0
// Stands for nccl_communicator.cpp in CPU builds.
#include "intr/comm/nccl_communicator.h"
#include "intr/core/error.h"

namespace intr {

std::string nccl_version() { return {}; }

std::unique_ptr<Communicator> make_nccl_communicator(std::unique_ptr<Communicator>) {
  throw EnvironmentError("built without NCCL", "--comm nccl",
                         "use --comm auto, or build the preset gpu-release");
}

}  // namespace intr
