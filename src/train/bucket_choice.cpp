// SPDX-License-Identifier: Apache-2.0
#include "intr/train/bucket_choice.h"

#include <numeric>

#include "intr/comm/mpi_communicator.h"

namespace intr {
namespace {

constexpr std::int64_t kSizesMb[] = {8, 16, 25, 32, 64, 128, 256, 512};
constexpr double kWorthwhile = 0.01;  // of the backward pass: the model is no better than that

}  // namespace

std::int64_t GradientTensors::total_bytes() const noexcept {
  return std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0});
}

std::vector<std::int64_t> bucket_bytes(const BucketPlan& plan,
                                       const std::vector<std::int64_t>& bytes) {
  std::vector<std::int64_t> sums;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : plan.bucket_end) {
    std::int64_t sum = 0;
    for (; begin < end; ++begin) sum += bytes[plan.parameter[begin]];
    sums.push_back(sum);
  }
  return sums;
}

BucketChoice weigh_buckets(const GradientTensors& tensors, std::int64_t most_mb,
                           const std::string& back_end, const Cluster& cluster, double backward_s) {
  BucketChoice choice{.most_mb = most_mb};
  choice.plan = plan_buckets(tensors.order, tensors.bytes, bucket_sizes(back_end, most_mb << 20));
  choice.bytes = bucket_bytes(choice.plan, tensors.bytes);
  std::vector<double> seconds;
  for (const std::int64_t bytes : choice.bytes) {
    const std::int64_t messages = back_end == "nccl" ? 1 : MpiCommunicator::num_pieces(bytes);
    const auto count = static_cast<double>(messages);
    seconds.push_back(count * message_seconds(static_cast<double>(bytes) / count, cluster));
    choice.messages += messages;
  }
  choice.communication_s = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  const double first_share =
      static_cast<double>(choice.bytes.front()) / static_cast<double>(tensors.total_bytes());
  choice.exposed_s = exposed_seconds(seconds, backward_s, first_share * backward_s);
  return choice;
}

BucketChoice choose_buckets(const GradientTensors& tensors, const std::string& back_end,
                            const Cluster& cluster, double backward_s) {
  const auto weigh = [&](std::int64_t most_mb) {
    return weigh_buckets(tensors, most_mb, back_end, cluster, backward_s);
  };
  BucketChoice usual = weigh(bucket_sizes(back_end, 0).most >> 20);
  BucketChoice best = usual;
  for (const std::int64_t most_mb : kSizesMb)
    if (BucketChoice other = weigh(most_mb); other.exposed_s < best.exposed_s)
      best = std::move(other);
  return usual.exposed_s - best.exposed_s > kWorthwhile * backward_s ? best : usual;
}

}  // namespace intr
