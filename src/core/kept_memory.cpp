// SPDX-License-Identifier: Apache-2.0
#include "intr/core/kept_memory.h"

#include <malloc.h>

#include <limits>

namespace intr {

void keep_freed_memory() noexcept {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);  // large blocks come from the heap, too
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

}  // namespace intr
