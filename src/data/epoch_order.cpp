// SPDX-License-Identifier: Apache-2.0
#include "intr/data/epoch_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string_view>

#include "intr/core/error.h"

namespace intr {
namespace {

constexpr std::string_view kWindowPrefix = "window:";
constexpr const char* kOrderName = "feistel8-v1";

/// First row of each shard. @throws DataError if a shard's rows do not follow each other
std::vector<std::int64_t> first_rows(const DataIndex& index) {
  std::vector<std::int64_t> first;
  std::int64_t row = 0;
  for (std::int64_t shard = 0; shard < std::ssize(index.shards()); ++shard) {
    first.push_back(row);
    const std::int64_t end = row + index.shards()[static_cast<std::size_t>(shard)].num_samples;
    for (; row < end; ++row) {
      if (index.shard_of(row) == shard) continue;
      throw DataError(fmt::format("the samples of its shards are mixed: sample {} is not in shard "
                                  "{}",
                                  index.sample_id(row), shard),
                      index.set(), "use --order shuffle");
    }
  }
  return first;
}

/// The last entry of `begins` (ascending, from 0) that is not beyond `position`.
std::int64_t containing(const std::vector<std::int64_t>& begins, std::int64_t position) {
  return std::upper_bound(begins.begin(), begins.end(), position) - begins.begin() - 1;
}

std::size_t at(std::int64_t value) { return static_cast<std::size_t>(value); }

}  // namespace

OrderKind OrderKind::parse(const std::string& text) {
  if (text == "shuffle") return {};
  if (text == "sequential") return {.kind = Kind::kSequential, .shards = 0};
  OrderKind order{.kind = Kind::kWindow, .shards = 0};
  if (text.starts_with(kWindowPrefix)) {
    const char* last = text.data() + text.size();
    const auto [end, error] =
        std::from_chars(text.data() + kWindowPrefix.size(), last, order.shards);
    if (error == std::errc() && end == last && order.shards >= 1) return order;
  }
  throw UsageError(fmt::format("'{}' is no order", text), "--order",
                   "use shuffle, window:K with a number of shards, such as window:8, or "
                   "sequential");
}

std::string OrderKind::name() const {
  if (kind == Kind::kShuffle) return "shuffle";
  if (kind == Kind::kSequential) return "sequential";
  return fmt::format("{}{}", kWindowPrefix, shards);
}

std::string OrderKind::identity() const {
  if (kind == Kind::kShuffle) return kOrderName;
  if (kind == Kind::kSequential) return name();
  return fmt::format("{} {}", kOrderName, name());
}

EpochOrder::EpochOrder(const DataIndex& index, const OrderKind& kind, std::uint64_t seed)
    : index_(&index), kind_(kind), seed_(seed) {
  if (kind_.kind == OrderKind::Kind::kWindow) first_row_ = first_rows(index);
}

void EpochOrder::begin(std::int64_t epoch) {
  epoch_ = static_cast<std::uint64_t>(epoch);
  if (index_->size() == 0) return;
  if (kind_.kind == OrderKind::Kind::kShuffle)
    all_.emplace(static_cast<std::uint64_t>(index_->size()), seed_, epoch_);
  if (kind_.kind == OrderKind::Kind::kWindow) begin_windows();
}

void EpochOrder::begin_windows() {
  const auto& shards = index_->shards();
  const SampleOrder order(shards.size(), seed_, epoch_, kShardStream);
  shards_.clear();
  shard_begin_.clear();
  window_begin_.clear();
  inside_window_ = -1;
  std::int64_t position = 0;
  for (std::size_t place = 0; place < shards.size(); ++place) {
    if (static_cast<std::int64_t>(place) % kind_.shards == 0) window_begin_.push_back(position);
    shards_.push_back(static_cast<std::int64_t>(order.at(place)));
    shard_begin_.push_back(position);
    position += shards[at(shards_.back())].num_samples;
  }
}

std::int64_t EpochOrder::row_in_window(std::int64_t position) {
  const std::int64_t window = containing(window_begin_, position);
  const std::int64_t begin = window_begin_[at(window)];
  if (window != inside_window_) {
    const std::int64_t end =
        window + 1 < std::ssize(window_begin_) ? window_begin_[at(window + 1)] : index_->size();
    inside_.emplace(static_cast<std::uint64_t>(end - begin), seed_, epoch_,
                    kWindowStream + static_cast<std::uint64_t>(window));
    inside_window_ = window;
  }
  const std::int64_t place =
      begin + static_cast<std::int64_t>(inside_->at(static_cast<std::uint64_t>(position - begin)));
  const std::int64_t shard = containing(shard_begin_, place);
  return first_row_[at(shards_[at(shard)])] + place - shard_begin_[at(shard)];
}

std::int64_t EpochOrder::row(std::int64_t position) {
  switch (kind_.kind) {
    case OrderKind::Kind::kShuffle:
      return static_cast<std::int64_t>(all_->at(static_cast<std::uint64_t>(position)));
    case OrderKind::Kind::kWindow:
      return row_in_window(position);
    case OrderKind::Kind::kSequential:
      break;
  }
  return position;
}

std::vector<std::int64_t> EpochOrder::shards() const {
  if (kind_.kind == OrderKind::Kind::kWindow) return shards_;
  std::vector<std::int64_t> all(index_->shards().size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace intr
