// SPDX-License-Identifier: Apache-2.0
#include "preprocess/pack_progress.h"

#include <fmt/format.h>

#include <thread>
#include <utility>

namespace intr {
namespace {

std::int64_t bytes_of(const PackPlan& plan) {
  std::uint64_t bytes = 0;
  for (const PlannedShard& shard : plan.shards) bytes += shard.bytes;
  return static_cast<std::int64_t>(bytes);
}

}  // namespace

PackProgress::PackProgress(RankTeam& team, const PackPlan& plan)
    : team_(&team),
      shown_("packing", plan.listing.num_files(), "files", team.rank() == 0),
      files_(team.open_counter()),
      bytes_(team.open_counter()),
      bad_(team.open_counter()),
      finished_(team.open_counter()) {
  shown_.set_total_bytes(bytes_of(plan));
}

void PackProgress::add(std::int64_t files, std::int64_t bytes, std::int64_t bad) {
  const std::lock_guard lock(mutex_);
  new_files_ += files;
  new_bytes_ += bytes;
  new_bad_ += bad;
  if (Clock::now() - exchanged_ < std::chrono::milliseconds(200)) return;
  exchange();
}

void PackProgress::exchange() {
  const auto tell = [](WorkCounter& counter, std::int64_t& news) {
    const std::int64_t sum = counter.add(news) + news;
    news = 0;
    return sum;
  };
  const std::int64_t files = tell(*files_, new_files_);
  const std::int64_t bytes = tell(*bytes_, new_bytes_);
  const std::int64_t bad = tell(*bad_, new_bad_);
  if (bad > 0) shown_.set_note(fmt::format("{} bad", bad));
  shown_.reach(files, bytes);
  exchanged_ = Clock::now();
}

void PackProgress::finish() {
  const std::lock_guard lock(mutex_);
  exchange();
  finished_->add(1);
  if (team_->rank() != 0) return;
  while (finished_->add(0) < team_->size()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    exchange();
  }
  exchange();
  shown_.finish();
}

}  // namespace intr
