// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace intr {

/// Where a thread of this process is.
struct ThreadStack {
  long thread = 0;                  ///< the system's number
  std::string name;                 ///< the system's name of it
  std::vector<std::string> frames;  ///< innermost first; empty if it did not answer
};

/// The stacks of all threads but the calling one, at most 64, main thread first. Interrupts each
/// with a real-time signal, so it is for a process that is about to end. One call at a time.
std::vector<ThreadStack> thread_stacks();

}  // namespace intr
