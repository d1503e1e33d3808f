// SPDX-License-Identifier: Apache-2.0
#include "intr/data/loader_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "intr/core/byte_size.h"
#include "intr/core/error.h"
#include "intr/core/log.h"

namespace intr {
namespace {

constexpr std::uint64_t kIndexBytes = 45;  // a sample, without its path
constexpr std::uint64_t kChannels = 3;

/// The largest numbers that were added, at most `count`.
class Largest {
 public:
  explicit Largest(std::int64_t count) : count_(static_cast<std::size_t>(count)) {}
  void add(std::int64_t value) {
    if (heap_.size() == count_) {
      if (value <= heap_.front()) return;
      std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
      heap_.pop_back();
    }
    heap_.push_back(value);
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
  std::int64_t sum() const { return std::accumulate(heap_.begin(), heap_.end(), std::int64_t{0}); }

 private:
  std::size_t count_;
  std::vector<std::int64_t> heap_;  ///< the smallest first
};

std::uint64_t pixel_bytes(std::int64_t pixels) {
  return static_cast<std::uint64_t>(pixels) * kChannels;
}

}  // namespace

LoaderNeeds loader_needs(const DataIndex& index, const Transform& transform,
                         std::int64_t micro_batch) {
  Largest finals(std::min(micro_batch, index.size()));
  std::int64_t source = 0, final = 0, area = 0;
  std::uint64_t record = 0;
  ImageSize last;
  for (std::int64_t row = 0; row < index.size(); ++row) {
    const ImageSize size = index.image_size(row);
    if (size != last) area = largest_final_area(transform, size);
    last = size;
    finals.add(area);
    final = std::max(final, area);
    source = std::max(source, size.area());
    record = std::max(record, index.length(row));
  }
  return {.slot = pixel_bytes(finals.sum()),
          .thread = record + pixel_bytes(source) + 2 * pixel_bytes(final),
          .fixed = kMostReadAhead + kIndexBytes * static_cast<std::uint64_t>(index.size())};
}

LoaderSize fit_loader(const LoaderNeeds& needs, const LoaderSize& wanted, std::uint64_t memory) {
  const auto total = [&](const LoaderSize& size) {
    return needs.fixed + static_cast<std::uint64_t>(size.slots) * needs.slot +
           static_cast<std::uint64_t>(size.threads) * needs.thread;
  };
  LoaderSize fitting = wanted;
  if (memory == 0) return fitting;
  while (fitting.slots > 1 && total(fitting) > memory) --fitting.slots;
  while (fitting.threads > 1 && total(fitting) > memory) --fitting.threads;
  if (total(fitting) > memory) {
    throw EnvironmentError(
        fmt::format("the loader needs {}: one slot of {}, one thread with {}, and {} to read ahead "
                    "and for the index; it may take {}",
                    shown_bytes(total(fitting)), shown_bytes(needs.slot), shown_bytes(needs.thread),
                    shown_bytes(needs.fixed), shown_bytes(memory)),
        "--loader-memory", "allow more, or use a smaller --micro-batch");
  }
  if (fitting != wanted) {
    log::warning("--loader-memory {} holds {} of {} slots of {} and {} of {} threads",
                 shown_bytes(memory), fitting.slots, wanted.slots, shown_bytes(needs.slot),
                 fitting.threads, wanted.threads);
  }
  return fitting;
}

}  // namespace intr
