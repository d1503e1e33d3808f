// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// What the threads of this process did when, for people who look for lost time. While it is off,
/// each call is one branch. On, events go into a ring of fixed size, whose oldest ones give way.
/// Thread-safe. Names are literals: they are kept as pointers.
namespace intr::trace {

/// A number that belongs to an event; without a name it is none.
struct Arg {
  const char* name = nullptr;
  std::int64_t value = 0;
};
using Args = std::array<Arg, 3>;

struct Event {
  enum class Kind : std::uint8_t {
    kSpan,     ///< a thread's work; those of a thread follow each other or nest
    kWaiting,  ///< something waited that is no thread; may overlap others
    kInstant,
    kCounter,  ///< args[0].value is the new value
  };
  Kind kind = Kind::kSpan;
  std::uint32_t thread = 0;  ///< place in Recording::threads
  const char* name = "";
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
  Args args = {};
};

/// What was recorded.
struct Recording {
  std::vector<Event> events;         ///< as they ended; ns since the start
  std::int64_t dropped = 0;          ///< older ones
  std::vector<std::string> threads;  ///< names
};

namespace state {
inline std::atomic<bool> recording = false;
}
/// Whether events are recorded now.
inline bool on() noexcept { return state::recording.load(std::memory_order_relaxed); }

/// Nanoseconds on a clock that nobody sets.
inline std::int64_t now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Makes room for so many events; time counts from now. Forgets what was there, records nothing
/// yet. Called by the main thread, which so becomes the first of all.
void start(std::size_t capacity);
/// Lets recording go on or rest, after start().
void record(bool wanted) noexcept;
/// Ends it: hands out everything and gives the room back.
Recording take();

/// Adds an event of the calling thread, on or not: that was asked at its begin.
void add(const Event& event) noexcept;

/// Work that was measured already. @param begin, end of now()
inline void span(const char* name, std::int64_t begin, std::int64_t end, Arg a = {}, Arg b = {}) {
  if (on()) add({Event::Kind::kSpan, 0, name, begin, end, {a, b}});
}
inline void waiting(const char* name, std::int64_t begin, std::int64_t end, const Args& args) {
  if (on()) add({Event::Kind::kWaiting, 0, name, begin, end, args});
}
inline void instant(const char* name, Arg a = {}) {
  if (!on()) return;
  const std::int64_t time = now();
  add({Event::Kind::kInstant, 0, name, time, time, {a}});
}
inline void counter(const char* name, std::int64_t value) {
  if (!on()) return;
  const std::int64_t time = now();
  add({Event::Kind::kCounter, 0, name, time, time, {Arg{"value", value}}});
}

/// A span from here to the end of the scope. It counts if recording is on at its begin.
class Scope {
 public:
  explicit Scope(const char* name, Arg a = {}, Arg b = {}, Arg c = {}) noexcept {
    if (!on()) return;
    event_.name = name;
    event_.args = {a, b, c};
    event_.begin_ns = now();
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() {
    if (event_.begin_ns == 0) return;
    event_.end_ns = now();
    add(event_);
  }

 private:
  Event event_;
};

}  // namespace intr::trace
