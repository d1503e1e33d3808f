// SPDX-License-Identifier: Apache-2.0
#include "intr/core/trace.h"

#include <gmock/gmock.h>

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "intr/core/thread_name.h"

namespace intr {
namespace {

using testing::ElementsAre;
using trace::Event;
using trace::Recording;

std::vector<std::string> names_of(const Recording& recording) {
  std::vector<std::string> names;
  for (const Event& event : recording.events) names.emplace_back(event.name);
  return names;
}

void begin(std::size_t capacity) {
  trace::start(capacity);
  trace::record(true);
}

TEST(Trace, RecordsNothingUnlessItIsOn) {
  const auto everything = [] {
    const trace::Scope scope("scope");
    trace::span("span", 1, 2);
    trace::waiting("waiting", 1, 2, {});
    trace::instant("instant");
    trace::counter("counter", 3);
  };
  everything();
  trace::start(8);
  everything();
  trace::record(true);
  EXPECT_TRUE(trace::on());
  trace::record(false);
  everything();
  EXPECT_TRUE(trace::take().events.empty());
  begin(8);
  EXPECT_TRUE(trace::take().events.empty());
  EXPECT_FALSE(trace::on());
  everything();
  EXPECT_TRUE(trace::take().events.empty()) << "and what comes late is lost";
}

TEST(Trace, KeepsKindsNamesTimesAndNumbers) {
  const std::int64_t before = trace::now();
  begin(8);
  { const trace::Scope scope("scope", {"step", 7}, {"bytes", 1LL << 40}); }
  const std::int64_t later = trace::now();
  trace::span("span", later, later + 5, {"a", 1}, {"b", 2});
  trace::waiting("waiting", later, later + 7, {{{"c", 3}, {"d", 4}, {"e", 5}}});
  trace::instant("instant", {"step", -1});
  trace::counter("counter", 12);
  const std::int64_t after = trace::now();
  const Recording recording = trace::take();
  EXPECT_EQ(recording.dropped, 0);
  EXPECT_THAT(names_of(recording), ElementsAre("scope", "span", "waiting", "instant", "counter"));
  const std::vector<Event>& events = recording.events;
  EXPECT_EQ(events[0].kind, Event::Kind::kSpan);
  EXPECT_STREQ(events[0].args[0].name, "step");
  EXPECT_EQ(events[0].args[0].value, 7);
  EXPECT_EQ(events[0].args[1].value, 1LL << 40);
  EXPECT_EQ(events[0].args[2].name, nullptr);
  EXPECT_EQ(events[1].end_ns - events[1].begin_ns, 5);
  EXPECT_EQ(events[1].args[1].value, 2);
  EXPECT_EQ(events[2].kind, Event::Kind::kWaiting);
  EXPECT_EQ(events[2].args[2].value, 5);
  EXPECT_EQ(events[3].kind, Event::Kind::kInstant);
  EXPECT_EQ(events[4].kind, Event::Kind::kCounter);
  EXPECT_EQ(events[4].args[0].value, 12);
  for (const Event& event : events) {
    EXPECT_GE(event.begin_ns, 0) << event.name;
    EXPECT_LE(event.begin_ns, event.end_ns) << event.name;
    EXPECT_LE(event.begin_ns, after - before) << event.name;
  }
}

TEST(Trace, ScopesNestAndEndInsideOut) {
  begin(8);
  {
    const trace::Scope outer("outer");
    { const trace::Scope first("first"); }
    const trace::Scope second("second");
  }
  const Recording recording = trace::take();
  EXPECT_THAT(names_of(recording), ElementsAre("first", "second", "outer"));
  const Event& outer = recording.events[2];
  for (const Event& inner : recording.events) {
    EXPECT_GE(inner.begin_ns, outer.begin_ns);
    EXPECT_LE(inner.end_ns, outer.end_ns);
  }
  EXPECT_LE(recording.events[0].end_ns, recording.events[1].begin_ns);
}

TEST(Trace, AScopeCountsByItsBegin) {
  begin(8);
  {
    const trace::Scope begun("begun while on");
    trace::record(false);
    const trace::Scope not_begun("begun while off");
  }
  {
    const trace::Scope off("begun while off");
    trace::record(true);
  }
  EXPECT_THAT(names_of(trace::take()), ElementsAre("begun while on"));
}

TEST(Trace, AFullRingDropsTheOldest) {
  for (const int events : {2, 3, 4, 7}) {
    begin(3);
    for (int i = 0; i < events; ++i) trace::counter("event", i);
    const Recording recording = trace::take();
    const int kept = std::min(events, 3);
    EXPECT_EQ(recording.dropped, events - kept);
    ASSERT_EQ(std::ssize(recording.events), kept);
    for (int i = 0; i < kept; ++i)
      EXPECT_EQ(recording.events[static_cast<std::size_t>(i)].args[0].value, events - kept + i);
  }
}

TEST(Trace, EventsKnowTheirThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 1000;
  begin(kThreads * kEach);
  std::mutex mutex;
  std::condition_variable changed;
  int alive = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number)
    threads.emplace_back([&, number] {
      name_this_thread("worker " + std::to_string(number % 2));  // two of each name
      for (int i = 0; i < kEach; ++i) trace::instant("event", {"worker", number});
      std::unique_lock lock(mutex);  // all at once: no place is handed on
      ++alive;
      changed.notify_all();
      changed.wait(lock, [&] { return alive == kThreads; });
    });
  for (std::thread& thread : threads) thread.join();
  const Recording recording = trace::take();
  ASSERT_EQ(recording.events.size(), static_cast<std::size_t>(kThreads * kEach));
  std::array<int, kThreads> counts = {};
  std::map<std::uint32_t, std::int64_t> worker_of;
  for (const Event& event : recording.events) {
    const std::int64_t worker = event.args[0].value;
    EXPECT_EQ(recording.threads[event.thread], "worker " + std::to_string(worker % 2));
    EXPECT_EQ(worker_of.emplace(event.thread, worker).first->second, worker);
    ++counts[static_cast<std::size_t>(worker)];
  }
  EXPECT_THAT(counts, testing::Each(kEach));
}

TEST(Trace, AThreadTakesThePlaceOfAnEndedOneOfItsName) {
  begin(8);
  for (const char* name : {"pool", "other", "pool"})
    std::thread([name] {
      name_this_thread(name);
      trace::instant("event");
    }).join();
  const Recording recording = trace::take();
  ASSERT_EQ(recording.events.size(), 3u);
  EXPECT_EQ(recording.events[0].thread, recording.events[2].thread);
  EXPECT_NE(recording.events[0].thread, recording.events[1].thread);
  EXPECT_EQ(recording.threads[recording.events[1].thread], "other");
}

}  // namespace
}  // namespace intr
