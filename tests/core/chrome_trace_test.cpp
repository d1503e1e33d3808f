// SPDX-License-Identifier: Apache-2.0
#include "intr/core/chrome_trace.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

namespace intr {
namespace {

using Json = nlohmann::json;
using trace::Event;
using Kind = trace::Event::Kind;

Json parsed(const std::vector<std::string>& parts) {
  std::string text(kChromeTraceBegin);
  for (const std::string& part : parts) {
    if (&part != &parts.front()) text += kChromeTraceBetween;
    text += part;
  }
  text += kChromeTraceEnd;
  return Json::parse(text).at("traceEvents");
}

/// Those of one phase.
std::vector<Json> of_phase(const Json& events, const std::string& phase) {
  std::vector<Json> found;
  for (const Json& event : events)
    if (event.at("ph") == phase) found.push_back(event);
  return found;
}

TEST(ChromeTrace, HasEveryEventWithItsNumbers) {
  trace::Recording recording;
  recording.threads = {"main", "mpi"};
  recording.events = {{Kind::kSpan, 1, "sum", 2'000, 5'999, {{{"step", 3}, {"bytes", -4}}}},
                      {Kind::kWaiting, 1, "queued", 1'500, 2'000, {}},
                      {Kind::kInstant, 0, "stop", 7'000, 7'000, {}},
                      {Kind::kCounter, 0, "queue", 8'000, 8'000, {{{"value", 9}}}}};
  const Json events = parsed({chrome_events(recording, 3, "rank 3 (node)")});
  EXPECT_EQ(of_phase(events, "X"), std::vector<Json>{Json::parse(
                                       R"({"ph":"X","ts":2,"dur":3,"name":"sum","pid":3,"tid":2,
                                           "args":{"step":3,"bytes":-4}})")});
  const auto begins = of_phase(events, "b"), ends = of_phase(events, "e");
  ASSERT_EQ(begins.size(), 1u);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(begins[0].at("ts"), 1);
  EXPECT_EQ(ends[0].at("ts"), 2);
  EXPECT_EQ(begins[0].at("id2"), ends[0].at("id2"));
  EXPECT_EQ(of_phase(events, "i").at(0).at("ts"), 7);
  EXPECT_EQ(of_phase(events, "C").at(0).at("args"), Json({{"value", 9}}));
  std::map<std::string, Json> facts;
  for (const Json& fact : of_phase(events, "M"))
    facts[fact.at("name").get<std::string>() + fact.at("tid").dump()] = fact.at("args");
  EXPECT_EQ(facts.at("process_name1").at("name"), "rank 3 (node)");
  EXPECT_EQ(facts.at("process_sort_index1").at("sort_index"), 3);
  EXPECT_EQ(facts.at("thread_name1").at("name"), "main");
  EXPECT_EQ(facts.at("thread_name2").at("name"), "mpi");
  EXPECT_EQ(facts.size(), 4u) << "no label where nothing was dropped";
}

TEST(ChromeTrace, EscapesEveryName) {
  trace::Recording recording;
  recording.threads = {"a \"thread\"\n", "bytes \xff\xfe", "unused"};
  recording.events = {{Kind::kSpan, 0, "back\\slash\t", 0, 0, {{{"\"x\"", 1}}}},
                      {Kind::kInstant, 1, "\x01", 0, 0, {}}};
  const Json events = parsed({chrome_events(recording, 0, "rank 0 (\"node\")")});
  EXPECT_EQ(of_phase(events, "X").at(0).at("name"), "back\\slash\t");
  EXPECT_EQ(of_phase(events, "X").at(0).at("args").at("\"x\""), 1);
  EXPECT_EQ(of_phase(events, "M").at(0).at("args").at("name"), "rank 0 (\"node\")");
  EXPECT_EQ(of_phase(events, "M").at(2).at("args").at("name"), "a \"thread\"\n");
  EXPECT_EQ(of_phase(events, "M").size(), 4u) << "threads without events are left out";
}

/// Viewers nest spans by their order where they begin together.
TEST(ChromeTrace, WhatEnclosesComesFirstAndNeighborsTouch) {
  trace::Recording recording;
  recording.threads = {"main"};
  recording.events = {{Kind::kSpan, 0, "first", 1'999, 4'500, {}},
                      {Kind::kSpan, 0, "second", 4'500, 7'001, {}},
                      {Kind::kSpan, 0, "inner", 1'999, 7'001, {}},
                      {Kind::kSpan, 0, "outer", 1'999, 7'001, {}}};
  const auto spans = of_phase(parsed({chrome_events(recording, 0, "")}), "X");
  ASSERT_EQ(spans.size(), 4u);
  const std::array<const char*, 4> wanted = {"outer", "inner", "first", "second"};
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(spans[i].at("name"), wanted[i]);
  const auto end = [&](std::size_t i) {
    return spans[i].at("ts").get<int>() + spans[i].at("dur").get<int>();
  };
  EXPECT_EQ(end(2), spans[3].at("ts").get<int>());
  EXPECT_EQ(end(3), end(0));
}

TEST(ChromeTrace, PartsOfSeveralProcessesMakeAFileAndDropsAreSaid) {
  trace::Recording full;
  full.threads = {"main"};
  full.events = {{Kind::kSpan, 0, "work", 0, 1, {}}};
  full.dropped = 12;
  const Json events = parsed({chrome_events(full, 0, "a"), chrome_events({}, 1, "b")});
  std::string labels;
  int last = 0;
  for (const Json& fact : of_phase(events, "M")) {
    if (fact.at("name") == "process_labels") labels += fact.at("args").at("labels");
    last = fact.at("pid");
  }
  EXPECT_EQ(labels, "12 older events dropped");
  EXPECT_EQ(last, 1);
}

}  // namespace
}  // namespace intr
