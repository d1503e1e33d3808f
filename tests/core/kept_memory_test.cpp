// SPDX-License-Identifier: Apache-2.0
#include "intr/core/kept_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstddef>
#include <memory>

namespace intr {
namespace {

constexpr std::size_t kBytes = std::size_t{96} << 20;

/// Pages that the kernel had to bring while a large block was allocated, written and freed.
long faults_of_a_block() {
  rusage before = {}, after = {};
  getrusage(RUSAGE_SELF, &before);
  {
    const std::unique_ptr<volatile std::byte[]> block(new volatile std::byte[kBytes]);
    for (std::size_t i = 0; i < kBytes; i += 4096) block[i] = std::byte{1};
  }
  getrusage(RUSAGE_SELF, &after);
  return after.ru_minflt - before.ru_minflt;
}

TEST(KeptMemoryTest, FreedBlocksAreUsedAgainWithoutTheKernel) {
  faults_of_a_block();
  EXPECT_GT(faults_of_a_block(), 40) << "each block is fresh memory";  // 4 KiB or 2 MiB pages
  keep_freed_memory();
  faults_of_a_block();
  EXPECT_LT(faults_of_a_block(), 10);
}

}  // namespace
}  // namespace intr
