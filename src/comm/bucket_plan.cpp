// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/bucket_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>

#include "intr/core/error.h"
#include "intr/core/hash.h"

namespace intr {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// Place in `order` where the last bucket begins.
std::size_t begin_of_last(const std::vector<std::uint32_t>& order,
                          const std::vector<std::int64_t>& bytes, const BucketSizes& sizes) {
  std::size_t begin = order.size();
  for (std::int64_t sum = 0; begin > 0 && sum < sizes.last_least; --begin) {
    const std::int64_t more = bytes[order[begin - 1]];
    if (sum > 0 && sum + more > sizes.last_most) break;
    sum += more;
  }
  return begin;
}

}  // namespace

std::uint64_t BucketPlan::hash() const {
  return xxh3_64(std::as_bytes(std::span(parameter))) ^
         (xxh3_64(std::as_bytes(std::span(bucket_end))) << 1);
}

std::vector<std::uint32_t> BucketPlan::bucket_of(std::size_t num_tensors,
                                                 const std::string& where) const {
  if (empty()) return std::vector<std::uint32_t>(num_tensors, 0);
  const auto refuse = [&](const std::string& what) {
    throw DataError(what, where, "resume from another checkpoint, or give --replan");
  };
  if (parameter.size() != num_tensors)
    refuse(fmt::format("its bucket plan is of {} tensors, not {}", parameter.size(), num_tensors));
  const bool ends =
      !bucket_end.empty() && bucket_end.front() > 0 && bucket_end.back() == num_tensors &&
      std::adjacent_find(bucket_end.begin(), bucket_end.end(), std::greater_equal<>()) ==
          bucket_end.end();
  if (!ends) refuse("the ends of the buckets in its plan make no sense");
  std::vector<std::uint32_t> buckets(num_tensors, kNone);
  std::uint32_t bucket = 0;
  for (std::size_t place = 0; place < num_tensors; ++place) {
    while (place >= bucket_end[bucket]) ++bucket;
    if (parameter[place] >= num_tensors || buckets[parameter[place]] != kNone)
      refuse("its bucket plan does not name every tensor once");
    buckets[parameter[place]] = bucket;
  }
  return buckets;
}

BucketSizes bucket_sizes(const std::string& back_end, std::int64_t most) {
  const bool gpu = back_end == "nccl" || back_end == "host";
  if (most == 0) most = gpu ? 25 * kMiB : 32 * kMiB;
  if (gpu) return {std::min(kMiB, most), most, std::min(kMiB, most), std::min(4 * kMiB, most)};
  return {most, most, std::min(4 * kMiB, most), std::min(8 * kMiB, most)};
}

BucketPlan plan_buckets(const std::vector<std::uint32_t>& order,
                        const std::vector<std::int64_t>& bytes, const BucketSizes& sizes) {
  BucketPlan plan;
  plan.parameter = order;
  const std::size_t last = begin_of_last(order, bytes, sizes);
  std::int64_t sum = 0;
  for (std::size_t place = 0; place < last; ++place) {
    const std::int64_t more = bytes[order[place]];
    const std::int64_t most = plan.bucket_end.empty() ? sizes.first : sizes.most;
    if (sum > 0 && sum + more > most) {
      plan.bucket_end.push_back(static_cast<std::uint32_t>(place));
      sum = 0;
    }
    sum += more;
  }
  if (last > 0) plan.bucket_end.push_back(static_cast<std::uint32_t>(last));
  if (last < order.size()) plan.bucket_end.push_back(static_cast<std::uint32_t>(order.size()));
  return plan;
}

}  // namespace intr
