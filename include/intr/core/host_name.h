// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace intr {

/// Name of this machine as the system knows it; "unknown" if it does not.
std::string host_name();

}  // namespace intr
