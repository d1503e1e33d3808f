// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/watched_communicator.h"

#include <algorithm>
#include <array>
#include <thread>
#include <type_traits>
#include <utility>

#include "intr/core/hash.h"

namespace intr {
namespace {

class WatchedWork final : public Work {
 public:
  WatchedWork(std::unique_ptr<Work> inner, std::function<void()> ended)
      : inner_(std::move(inner)), ended_(std::move(ended)) {}
  void wait() override {
    inner_->wait();
    end();
  }
  void make_wait(StreamHandle stream) override {
    inner_->make_wait(stream);
    end();
  }

 private:
  void end() {
    if (ended_) std::exchange(ended_, nullptr)();
  }
  std::unique_ptr<Work> inner_;
  std::function<void()> ended_;
};

}  // namespace

WatchedCommunicator::WatchedCommunicator(Communicator& inner, WatchedSections& sections,
                                         const WireDelay& delay)
    : inner_(inner), sections_(sections), delay_(delay) {}

/// @return when the collective may end at the earliest
WatchedCommunicator::Time WatchedCommunicator::begin(const Tag& tag, std::size_t bytes) {
  sections_.collective_begins(tag);
  const double wire = delay_.seconds + delay_.seconds_per_byte * static_cast<double>(bytes);
  if (wire + delay_.jitter_s <= 0) return {};
  const std::lock_guard lock(mutex_);
  const std::array<std::uint64_t, 2> place = {static_cast<std::uint64_t>(info().rank), ++calls_};
  const double part = static_cast<double>(xxh3_64(std::as_bytes(std::span(place))) >> 11) * 0x1p-53;
  const std::chrono::duration<double> passes(wire + part * delay_.jitter_s);
  wire_free_ = std::max(wire_free_, std::chrono::steady_clock::now()) +
               std::chrono::duration_cast<Time::duration>(passes);
  return wire_free_;
}

void WatchedCommunicator::end(Time not_before) {
  if (not_before != Time{}) std::this_thread::sleep_until(not_before);
  sections_.collective_ends();
}

template <class Call>
auto WatchedCommunicator::watched(const Tag& tag, std::size_t bytes, const Call& call) {
  const Time not_before = begin(tag, bytes);
  if constexpr (std::is_void_v<decltype(call())>) {
    call();
    end(not_before);
  } else {
    auto result = call();
    end(not_before);
    return result;
  }
}

std::unique_ptr<Work> WatchedCommunicator::allreduce(Buffer inout, Op op, StreamHandle after,
                                                     Tag tag) {
  const Time not_before = begin(tag, num_bytes(inout));
  return std::make_unique<WatchedWork>(inner_.allreduce(inout, op, after, tag),
                                       [this, not_before] { end(not_before); });
}

std::unique_ptr<Work> WatchedCommunicator::broadcast(Buffer inout, int root, StreamHandle after,
                                                     Tag tag) {
  const Time not_before = begin(tag, num_bytes(inout));
  return std::make_unique<WatchedWork>(inner_.broadcast(inout, root, after, tag),
                                       [this, not_before] { end(not_before); });
}

void WatchedCommunicator::allreduce_now(std::span<std::int64_t> values, Op op, Tag tag) {
  watched(tag, values.size_bytes(), [&] { inner_.allreduce_now(values, op, tag); });
}

void WatchedCommunicator::allreduce_now(std::span<double> values, Op op, Tag tag) {
  watched(tag, values.size_bytes(), [&] { inner_.allreduce_now(values, op, tag); });
}

void WatchedCommunicator::broadcast_bytes(std::vector<std::byte>& bytes, int root, Tag tag) {
  watched(tag, bytes.size(), [&] { inner_.broadcast_bytes(bytes, root, tag); });
}

std::vector<std::vector<std::byte>> WatchedCommunicator::gather(std::span<const std::byte> mine,
                                                                int root, Tag tag) {
  return watched(tag, mine.size(), [&] { return inner_.gather(mine, root, tag); });
}

void WatchedCommunicator::barrier(Tag tag) {
  watched(tag, 0, [&] { inner_.barrier(tag); });
}

}  // namespace intr
