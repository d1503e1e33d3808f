// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace intr {

/// Names the calling thread for traces, stall reports and the system's tools, which see the first
/// 15 bytes. A thread without a name of its own has that of the thread that started it.
void name_this_thread(std::string_view name);
std::string this_thread_name();

}  // namespace intr
