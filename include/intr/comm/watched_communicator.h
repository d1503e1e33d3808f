// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <mutex>

#include "intr/comm/communicator.h"
#include "intr/comm/watched_sections.h"

namespace intr {

/// A slower wire, for tests: added to every collective, whose results come one after another.
struct WireDelay {
  double seconds = 0;
  double jitter_s = 0;  ///< 0 to this much more
  double seconds_per_byte = 0;
};

/// Another communicator whose calls are noted for the watchdog, and may be delayed.
class WatchedCommunicator final : public Communicator {
 public:
  /// @param inner, sections must outlive this one
  WatchedCommunicator(Communicator& inner, WatchedSections& sections, const WireDelay& delay = {});
  /// While no collective is under way.
  void set_delay(const WireDelay& delay) { delay_ = delay; }
  const WorldInfo& info() const noexcept override { return inner_.info(); }
  std::unique_ptr<Work> allreduce(Buffer inout, Op op, StreamHandle after, Tag tag) override;
  std::unique_ptr<Work> broadcast(Buffer inout, int root, StreamHandle after, Tag tag) override;
  void allreduce_now(std::span<std::int64_t> values, Op op, Tag tag) override;
  void allreduce_now(std::span<double> values, Op op, Tag tag) override;
  void broadcast_bytes(std::vector<std::byte>& bytes, int root, Tag tag) override;
  std::vector<std::vector<std::byte>> gather(std::span<const std::byte> mine, int root,
                                             Tag tag) override;
  void barrier(Tag tag) override;
  void check_peers() override { inner_.check_peers(); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  Time begin(const Tag& tag, std::size_t bytes);
  void end(Time not_before);
  template <class Call>
  auto watched(const Tag& tag, std::size_t bytes, const Call& call);

  Communicator& inner_;
  WatchedSections& sections_;
  WireDelay delay_;
  std::mutex mutex_;
  Time wire_free_{};  ///< when the collective before is through
  std::uint64_t calls_ = 0;
};

}  // namespace intr
