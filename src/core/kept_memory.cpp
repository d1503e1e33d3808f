// SPDX-License-Identifier: Apache-2.0
#include "intr/core/kept_memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>

namespace intr {
namespace {

#ifdef __GLIBC__

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kMostReserved = std::size_t{16} << 30;
constexpr std::size_t kLeastReserved = std::size_t{256} << 20;

/// Whether addresses without pages count against a limit here.
bool addresses_are_scarce() {
  for (const auto kind : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit = {};
    if (getrlimit(kind, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY) return true;
  }
  int mode = 2;
  std::ifstream("/proc/sys/vm/overcommit_memory") >> mode;
  return mode == 2;  // strict accounting
}

/// The heap gets addresses without pages, on which the kernel is asked for huge ones once they are
/// used. What is allocated from here on lies there.
void reserve_huge_pages() {
  if (addresses_are_scarce()) return;
  void* block = nullptr;
  std::size_t bytes = kMostReserved;
  while (block == nullptr && bytes >= kLeastReserved) {
    block = std::malloc(bytes);
    if (block == nullptr) bytes /= 2;
  }
  if (block == nullptr) return;
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t begin = (address + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t end = (address + bytes) / kHugePage * kHugePage;
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);  // advice: may fail
  std::free(block);
}

#endif

}  // namespace

void keep_freed_memory() noexcept {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);         // large blocks come from the heap, too
  mallopt(M_TRIM_THRESHOLD, -1);  // never
  reserve_huge_pages();
#endif
}

}  // namespace intr
