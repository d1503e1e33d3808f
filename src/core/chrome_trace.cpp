// SPDX-License-Identifier: Apache-2.0
#include "intr/core/chrome_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <vector>

namespace intr {
namespace {

using trace::Event;

/// A text as JSON; bytes that are no UTF-8 become marks.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string args_of(const trace::Args& args) {
  std::string text;
  for (const trace::Arg& arg : args) {
    if (arg.name == nullptr) continue;
    if (!text.empty()) text += ',';
    text += fmt::format("{}:{}", quoted(arg.name), arg.value);
  }
  return text;
}

/// Places of the events, so that what encloses others comes before them.
std::vector<std::size_t> by_begin(const std::vector<Event>& events) {
  std::vector<std::size_t> order(events.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const Event& one = events[a];
    const Event& other = events[b];
    if (one.begin_ns != other.begin_ns) return one.begin_ns < other.begin_ns;
    if (one.end_ns != other.end_ns) return one.end_ns > other.end_ns;
    return a > b;  // they are recorded as they end: the outer one later
  });
  return order;
}

/// Perfetto takes thread 0 for the idle one.
std::uint32_t shown_thread(std::uint32_t thread) { return thread + 1; }

/// Writes the objects of one process.
class Writer {
 public:
  explicit Writer(int process) : process_(process) {}

  void metadata(const char* kind, std::uint32_t thread, const std::string& args) {
    line(fmt::format(R"("ph":"M","name":"{}","pid":{},"tid":{},"args":{{{}}})", kind, process_,
                     shown_thread(thread), args));
  }

  void event(const Event& event, std::size_t number) {
    const std::int64_t begin = event.begin_ns / 1000;
    const std::int64_t end = event.end_ns / 1000;
    const std::string common =
        fmt::format(R"("name":{},"pid":{},"tid":{},"args":{{{}}})", quoted(event.name), process_,
                    shown_thread(event.thread), args_of(event.args));
    switch (event.kind) {
      case Event::Kind::kSpan:
        line(fmt::format(R"("ph":"X","ts":{},"dur":{},{})", begin, end - begin, common));
        break;
      case Event::Kind::kWaiting:
        for (const auto& [phase, time] : {std::pair{'b', begin}, std::pair{'e', end}})
          line(fmt::format(R"("ph":"{}","cat":"waiting","id2":{{"local":"{}"}},"ts":{},{})", phase,
                           number, time, common));
        break;
      case Event::Kind::kInstant:
        line(fmt::format(R"("ph":"i","s":"t","ts":{},{})", begin, common));
        break;
      case Event::Kind::kCounter:
        line(fmt::format(R"("ph":"C","ts":{},{})", begin, common));
        break;
    }
  }

  std::string take() { return std::move(text_); }

 private:
  void line(const std::string& members) {
    if (!text_.empty()) text_ += kChromeTraceBetween;
    text_ += fmt::format("{{{}}}", members);
  }
  int process_;
  std::string text_;
};

}  // namespace

std::string chrome_events(const trace::Recording& recording, int process, const std::string& name) {
  Writer writer(process);
  writer.metadata("process_name", 0, fmt::format(R"("name":{})", quoted(name)));
  writer.metadata("process_sort_index", 0, fmt::format(R"("sort_index":{})", process));
  if (recording.dropped > 0)
    writer.metadata("process_labels", 0,
                    fmt::format(R"("labels":"{} older events dropped")", recording.dropped));
  std::set<std::uint32_t> threads;
  for (const Event& event : recording.events) threads.insert(event.thread);
  for (const std::uint32_t thread : threads)
    writer.metadata("thread_name", thread,
                    fmt::format(R"("name":{})", quoted(recording.threads[thread])));
  for (const std::size_t number : by_begin(recording.events))
    writer.event(recording.events[number], number);
  return writer.take();
}

}  // namespace intr
