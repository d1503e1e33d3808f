// SPDX-License-Identifier: Apache-2.0
#include "intr/core/affinity.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <span>
#include <thread>
#include <vector>

#include "intr/core/error.h"

namespace intr {
namespace {

/// Restores the affinity mask of the calling thread.
class MaskKeeper {
 public:
  MaskKeeper() { sched_getaffinity(0, sizeof mask_, &mask_); }
  MaskKeeper(const MaskKeeper&) = delete;
  MaskKeeper& operator=(const MaskKeeper&) = delete;
  ~MaskKeeper() { sched_setaffinity(0, sizeof mask_, &mask_); }
  std::size_t first_core() const {
    std::size_t core = 0;
    while (!CPU_ISSET(core, &mask_)) ++core;
    return core;
  }

 private:
  cpu_set_t mask_;
};

TEST(Affinity, CountsTheMask) {
  const MaskKeeper keeper;
  EXPECT_GE(available_cores(), 1);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(keeper.first_core(), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(available_cores(), 1);
  EXPECT_EQ(compute_threads(0, 1), 1);
  EXPECT_EQ(compute_threads(0, 64), 1);  // never none
}

TEST(Affinity, ARequestWins) {
  EXPECT_EQ(compute_threads(3, 1), 3);
  EXPECT_EQ(compute_threads(3, 16), 3);
}

TEST(Affinity, RanksShareAnUnboundNode) {
  const std::int64_t cores = available_cores();
  if (cores >= static_cast<std::int64_t>(std::thread::hardware_concurrency())) {
    EXPECT_EQ(compute_threads(0, 1), cores);
    EXPECT_EQ(compute_threads(0, cores), 1);
  } else {  // bound by whoever started the test: the mask is this process's own
    EXPECT_EQ(compute_threads(0, 2), cores);
  }
}

TEST(Affinity, KeepsAThreadAndThoseThatItStarts) {
  const MaskKeeper keeper;
  const std::vector<int> all = usable_cores();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(static_cast<std::int64_t>(all.size()), available_cores());
  keep_to_cores(std::span(all).last(1));
  EXPECT_EQ(usable_cores(), std::vector<int>{all.back()});
  std::vector<int> of_child;
  std::thread([&of_child] { of_child = usable_cores(); }).join();
  EXPECT_EQ(of_child, std::vector<int>{all.back()});
  EXPECT_THROW(keep_to_cores({}), EnvironmentError) << "a thread needs a core";
}

}  // namespace
}  // namespace intr
