// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace intr {

/// Freed memory stays with the process from now on. Otherwise the activations of each step, which
/// are large, go back to the kernel and are zeroed page by page in the next step. Call it before
/// anything large is allocated; no effect with another allocator than glibc's.
void keep_freed_memory() noexcept;

}  // namespace intr
