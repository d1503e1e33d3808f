// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace intr {

/// "0.1.0".
std::string version();
/// Several lines: version, compiler, and the versions of the libraries that intr_base is built
/// with. Programs of the train library add LibTorch, MPI and NCCL.
std::string base_build_facts();

}  // namespace intr
