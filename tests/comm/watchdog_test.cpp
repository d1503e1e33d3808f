// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/watchdog.h"

#include <gtest/gtest.h>

#include <future>

#include "intr/core/stopwatch.h"

namespace intr {
namespace {

/// Long enough for any machine: a test that needs it has failed.
constexpr std::chrono::seconds kPatience(60);

TEST(Watchdog, ActsOnceWhereNothingGoesOn) {
  WatchedSections sections({.start_s = 0.4}, steady_seconds());
  std::promise<void> warned;
  std::promise<WatchedPlace> stalled;
  const Watchdog watchdog(sections, {.warn = [&](const WatchedPlace&) { warned.set_value(); },
                                     .stalled =
                                         [&](const WatchedPlace& place) {
                                           stalled.set_value(place);  // a second time would throw
                                         },
                                     .stop_overdue = {}});
  auto place = stalled.get_future();
  ASSERT_EQ(place.wait_for(kPatience), std::future_status::ready);
  EXPECT_GT(place.get().seconds, 0.4);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

TEST(Watchdog, ALateStopIsAnActionOfItsOwn) {
  WatchedSections sections({.stop_s = 0.1}, steady_seconds());
  sections.enter(Section::kStep, 1, steady_seconds());
  std::promise<void> overdue;
  const Watchdog watchdog(sections,
                          {.stop_wanted = [] { return true; },
                           .warn = [](const WatchedPlace&) {},
                           .stalled = [](const WatchedPlace&) { FAIL(); },
                           .stop_overdue = [&](const WatchedPlace&) { overdue.set_value(); }});
  EXPECT_EQ(overdue.get_future().wait_for(kPatience), std::future_status::ready);
}

TEST(Watchdog, LooksForPeersEachSecondUntilOneIsLost) {
  WatchedSections sections({}, steady_seconds());
  int calls = 0;
  std::promise<std::string> lost;
  auto message = lost.get_future();
  const double start = steady_seconds();
  {
    const Watchdog watchdog(sections, {.check_peers =
                                           [&] {
                                             if (++calls >= 2) throw PeerError("rank 1 is gone");
                                           },
                                       .peer_lost =
                                           [&](const PeerError& error) {
                                             if (calls == 2) lost.set_value(error.what());
                                           }});
    ASSERT_EQ(message.wait_for(kPatience), std::future_status::ready);
    EXPECT_GE(steady_seconds() - start, 2);
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  }
  EXPECT_EQ(message.get(), "rank 1 is gone");
  EXPECT_EQ(calls, 2);
}

TEST(Watchdog, EndsAtOnceWithItsOwner) {
  WatchedSections sections({}, steady_seconds());
  for (int i = 0; i < 50; ++i) const Watchdog watchdog(sections, {});
  EXPECT_EQ(sections.judge(steady_seconds(), false), WatchedSections::Verdict::kFine);
}

}  // namespace
}  // namespace intr
