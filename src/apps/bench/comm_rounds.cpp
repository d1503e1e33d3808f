// SPDX-License-Identifier: Apache-2.0
#include "comm_rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>

#include "bench_report.h"
#include "intr/comm/mpi_communicator.h"
#include "intr/core/error.h"
#include "intr/core/stopwatch.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

const Tag kTag{.section = "bench"};
constexpr std::int64_t kSmallest = 1024;
constexpr std::int64_t kStep = 4;
constexpr std::int64_t kMostCalls = 32;
constexpr std::int64_t kBytesATime = 4 << 20;

/// Small sums are timed many at a time, so that the clock and the barrier do not count.
int calls_of(std::int64_t bytes) {
  return static_cast<int>(std::clamp<std::int64_t>(kBytesATime / bytes, 1, kMostCalls));
}

/// Small whole numbers, so that sums are exact in any order on up to 500,000 ranks.
float value_at(std::size_t place, int rank) {
  return static_cast<float>(place % 7 + 1) * static_cast<float>(rank % 8 + 1);
}

float sum_at(std::size_t place, int ranks) {
  const int rest = ranks % 8;
  return static_cast<float>(place % 7 + 1) *
         static_cast<float>(ranks / 8 * 36 + rest * (rest + 1) / 2);
}

double gb_s(std::int64_t bytes, double microseconds) {
  return static_cast<double>(bytes) / microseconds / 1e3;
}

}  // namespace

CommRounds::CommRounds(MpiEnvironment& environment, Communicator& communicator,
                       std::int64_t largest)
    : communicator_(communicator), bare_(environment) {
  for (std::int64_t bytes = kSmallest; bytes <= largest; bytes *= kStep) sizes_.push_back(bytes);
  values_.resize(static_cast<std::size_t>(sizes_.back()) / sizeof(float));
}

std::int64_t CommRounds::work() const noexcept {
  return 2 * std::accumulate(sizes_.begin(), sizes_.end(), std::int64_t{0},
                             [](std::int64_t sum, std::int64_t bytes) {
                               return sum + bytes * calls_of(bytes);
                             });
}

double CommRounds::ours_seconds(std::int64_t bytes) {
  const Buffer buffer{values_.data(), static_cast<std::size_t>(bytes) / sizeof(float),
                      ElementType::f32};
  const int calls = calls_of(bytes);
  communicator_.barrier(kTag);
  Stopwatch watch;
  for (int call = 0; call < calls; ++call)
    communicator_.allreduce(buffer, Op::sum, nullptr, kTag)->wait();
  return watch.lap() / calls;
}

double CommRounds::bare_seconds(std::int64_t bytes) {
  return bare_.seconds(std::span(values_).first(static_cast<std::size_t>(bytes) / sizeof(float)),
                       calls_of(bytes));
}

void CommRounds::require_right_sums() {
  const int rank = communicator_.rank();
  const int ranks = communicator_.world_size();
  std::int64_t wrong = 0;
  const auto check = [&](std::int64_t bytes, const std::function<void()>& add_up) {
    const std::size_t count = static_cast<std::size_t>(bytes) / sizeof(float);
    for (std::size_t place = 0; place < count; ++place) values_[place] = value_at(place, rank);
    add_up();
    for (std::size_t place = 0; place < count; ++place)
      wrong += values_[place] == sum_at(place, ranks) ? 0 : 1;
  };
  for (const std::int64_t bytes : sizes_) {
    const std::size_t count = static_cast<std::size_t>(bytes) / sizeof(float);
    check(bytes, [&] {
      communicator_.allreduce({values_.data(), count, ElementType::f32}, Op::sum, nullptr, kTag)
          ->wait();
    });
    check(bytes, [&] { bare_.seconds(std::span(values_).first(count), 1); });
  }
  std::fill(values_.begin(), values_.end(), 0.0F);
  communicator_.allreduce_now(std::span(&wrong, 1), Op::sum, kTag);
  if (wrong > 0) throw InternalError(fmt::format("{} sums over ranks are wrong", wrong));
}

CommRound CommRounds::next() {
  CommRound round;
  Stopwatch whole;
  const bool ours_first = rounds_++ % 2 == 0;
  for (const std::int64_t bytes : sizes_) {
    if (ours_first) round.ours.push_back(ours_seconds(bytes));
    round.bare.push_back(bare_seconds(bytes));
    if (!ours_first) round.ours.push_back(ours_seconds(bytes));
  }
  round.seconds = whole.lap();
  communicator_.allreduce_now(std::span(round.ours), Op::max, kTag);
  communicator_.allreduce_now(std::span(round.bare), Op::max, kTag);
  return round;
}

std::vector<CommSize> comm_sizes(const std::vector<std::int64_t>& sizes,
                                 const std::vector<CommRound>& rounds) {
  std::vector<CommSize> figures;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::vector<double> ours, bare, share, extra;
    for (const CommRound& round : rounds) {
      ours.push_back(1e6 * round.ours[i]);
      bare.push_back(1e6 * round.bare[i]);
      share.push_back(bare.back() / ours.back());
      extra.push_back(ours.back() - bare.back());
    }
    figures.push_back({sizes[i], spread(ours), spread(bare), spread(share), spread(extra)});
  }
  return figures;
}

LinkFit fit_of(const std::vector<CommSize>& sizes, int ranks) {
  std::vector<LinkSample> samples;
  for (const CommSize& size : sizes)
    samples.push_back({static_cast<double>(size.bytes),
                       static_cast<double>(MpiCommunicator::num_pieces(size.bytes)),
                       1e-6 * size.ours_us.at("median").get<double>()});
  return fit_link(samples, ranks);
}

Json to_json(const CommSize& size, int ranks) {
  const double on_wire = 2.0 * (ranks - 1) / ranks;
  const double ours = gb_s(size.bytes, size.ours_us.at("median").get<double>());
  const double bare = gb_s(size.bytes, size.bare_us.at("median").get<double>());
  return {{"bytes", size.bytes},
          {"latency_us", size.ours_us},
          {"algbw_gb_s", ours},
          {"busbw_gb_s", ours * on_wire},
          {"bare_latency_us", size.bare_us},
          {"bare_algbw_gb_s", bare},
          {"bare_busbw_gb_s", bare * on_wire},
          {"share_of_bare", size.share_of_bare},
          {"extra_us", size.extra_us}};
}

}  // namespace intr
