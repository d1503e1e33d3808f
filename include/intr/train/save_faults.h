// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/train/fault_injector.h"

namespace intr {

/// What makes saves into a folder suffer the faults of `--inject save:…`: "enospc" and "eio" are
/// what the kernel would say at that stage, "flip" turns one bit in the middle of the file that is
/// being saved. @param faults must outlive the hook
SaveHook save_faults(FaultInjector& faults, std::string folder);

}  // namespace intr
