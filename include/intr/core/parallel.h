// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace intr {

/// Calls work(0) … work(count - 1) on up to `threads` threads and waits for all of them. After an
/// exception no new call begins; the one of the lowest number is rethrown.
void parallel_for(std::int64_t count, std::int64_t threads,
                  const std::function<void(std::int64_t)>& work);

}  // namespace intr
