// SPDX-License-Identifier: Apache-2.0
#include "intr/core/thread_stacks.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace intr {
namespace {

TEST(ThreadStacks, ShowEveryOtherThreadAndLeaveItAlive) {
  std::mutex mutex;
  std::condition_variable changed;
  bool end = false;
  std::atomic<bool> there = false;
  std::thread waiting([&] {
    ::pthread_setname_np(::pthread_self(), "waiting");
    there = true;
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return end; });
  });
  std::vector<ThreadStack> stacks;
  std::thread asking([&] {
    while (!there) std::this_thread::yield();
    stacks = thread_stacks();
    stacks = thread_stacks();  // again: nothing is left over
  });
  asking.join();
  {
    const std::lock_guard lock(mutex);
    end = true;
  }
  changed.notify_all();
  waiting.join();
  ASSERT_EQ(stacks.size(), 2u);
  EXPECT_EQ(stacks[0].thread, ::getpid()) << "the main thread comes first";
  EXPECT_FALSE(stacks[0].frames.empty());
  EXPECT_EQ(stacks[1].name, "waiting");
  EXPECT_FALSE(stacks[1].frames.empty());
}

}  // namespace
}  // namespace intr
