// SPDX-License-Identifier: Apache-2.0
#include "intr/core/trace.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "intr/core/thread_name.h"

namespace intr::trace {
namespace {

struct Thread {
  std::string name;
  bool alive = true;
};

struct Ring {
  std::mutex mutex;  ///< of all below
  std::vector<Event> events;
  std::size_t next = 0;
  std::int64_t total = 0;  ///< added so far
  std::int64_t zero = 0;
  std::vector<Thread> threads;  ///< stay for ever: living ones know their places
};

/// Never destroyed: threads may outlive every static.
Ring& ring() {
  static Ring* const only = new Ring;
  return *only;
}

/// A thread's place among the names. A place goes to the next thread of its name, so that pools
/// which come and go stay in a few lines of the picture.
class Place {
 public:
  Place() = default;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (!taken_) return;
    const std::lock_guard lock(ring().mutex);
    ring().threads[number_].alive = false;
  }
  /// The ring is locked.
  std::uint32_t number() {
    if (!taken_) take();
    return number_;
  }

 private:
  void take() {
    std::vector<Thread>& threads = ring().threads;
    std::string name = this_thread_name();
    auto place = std::find_if(threads.begin(), threads.end(), [&](const Thread& thread) {
      return !thread.alive && thread.name == name;
    });
    if (place == threads.end()) place = threads.insert(place, {std::move(name)});
    place->alive = true;
    number_ = static_cast<std::uint32_t>(place - threads.begin());
    taken_ = true;
  }
  std::uint32_t number_ = 0;
  bool taken_ = false;
};

thread_local Place this_place;

}  // namespace

void start(std::size_t capacity) {
  Ring& to = ring();
  const std::lock_guard lock(to.mutex);
  state::recording = false;
  to.events.assign(capacity, {});
  to.next = 0;
  to.total = 0;
  static_cast<void>(this_place.number());  // the first line of the picture
  to.zero = now();
}

void record(bool wanted) noexcept { state::recording = wanted; }

void add(const Event& event) noexcept {
  Ring& to = ring();
  const std::lock_guard lock(to.mutex);
  if (to.events.empty()) return;  // taken meanwhile
  Event& slot = to.events[to.next];
  try {
    const std::uint32_t thread = this_place.number();
    slot = event;
    slot.thread = thread;
  } catch (const std::bad_alloc&) {  // no memory for a name: then without this event
    return;
  }
  to.next = (to.next + 1) % to.events.size();
  ++to.total;
}

Recording take() {
  Ring& from = ring();
  const std::lock_guard lock(from.mutex);
  state::recording = false;
  Recording recording;
  recording.events = std::exchange(from.events, {});
  const std::int64_t kept = std::min(from.total, std::ssize(recording.events));
  recording.dropped = from.total - kept;
  if (recording.dropped > 0)
    std::rotate(recording.events.begin(),
                recording.events.begin() + static_cast<std::ptrdiff_t>(from.next),
                recording.events.end());
  recording.events.resize(static_cast<std::size_t>(kept));
  for (Event& event : recording.events) {
    event.begin_ns -= from.zero;
    event.end_ns -= from.zero;
  }
  for (const Thread& thread : from.threads) recording.threads.push_back(thread.name);
  return recording;
}

}  // namespace intr::trace
