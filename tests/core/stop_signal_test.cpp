// SPDX-License-Identifier: Apache-2.0
#include "intr/core/stop_signal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

namespace intr {
namespace {

void wait_for(const StopSignal& stop) {
  while (!stop.requested()) std::this_thread::yield();
}

TEST(StopSignal, EachSignalIsARequest) {
  for (const auto& [signal, name] : {std::pair(SIGUSR1, "SIGUSR1"), std::pair(SIGUSR2, "SIGUSR2"),
                                     std::pair(SIGTERM, "SIGTERM"), std::pair(SIGINT, "SIGINT")}) {
    const StopSignal stop;
    EXPECT_FALSE(stop.requested());
    EXPECT_STREQ(stop.name(), "");
    kill(getpid(), signal);
    wait_for(stop);
    EXPECT_STREQ(stop.name(), name);
  }
}

TEST(StopSignal, ABurstIsOneRequest) {
  const StopSignal stop;
  kill(getpid(), SIGUSR2);
  wait_for(stop);
  for (int i = 0; i < 1000; ++i) kill(getpid(), i % 2 == 0 ? SIGTERM : SIGUSR1);
  EXPECT_STREQ(stop.name(), "SIGUSR2");  // and the process is still here
}

TEST(StopSignal, LaterThreadsDoNotSeeTheSignal) {
  const StopSignal stop;
  std::thread([] { kill(getpid(), SIGINT); }).join();
  wait_for(stop);
}

TEST(StopSignalDeathTest, TheSecondAfterAWhileLeavesAtOnce) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        const StopSignal stop([] { std::fputs("one last word\n", stderr); });
        kill(getpid(), SIGTERM);
        wait_for(stop);
        std::this_thread::sleep_for(std::chrono::milliseconds(2100));
        kill(getpid(), SIGTERM);
        while (true) pause();
      },
      testing::ExitedWithCode(75), "got SIGTERM again: leaving now(.|\n)*one last word");
}

}  // namespace
}  // namespace intr
