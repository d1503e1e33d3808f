// SPDX-License-Identifier: Apache-2.0
#include "intr/train/scaling_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace intr {
namespace {

/// ceil(log2 n), exactly.
double tree_depth(std::int64_t ranks) {
  return static_cast<double>(std::bit_width(static_cast<std::uint64_t>(ranks) - 1));
}

}  // namespace

std::int64_t Cluster::nodes() const noexcept {
  return (ranks + ranks_per_node - 1) / ranks_per_node;
}

double ring_seconds(double bytes, std::int64_t ranks, const Link& link) {
  if (ranks <= 1) return 0;
  const auto n = static_cast<double>(ranks);
  return 2 * (n - 1) * link.latency_s + 2 * (n - 1) / n * bytes / link.bytes_per_s;
}

double tree_seconds(double bytes, std::int64_t ranks, const Link& link) {
  if (ranks <= 1) return 0;
  return 2 * tree_depth(ranks) * link.latency_s + 2 * bytes / link.bytes_per_s;
}

double hierarchical_seconds(double bytes, const Cluster& cluster) {
  const std::int64_t inside = std::min(cluster.ranks_per_node, cluster.ranks);
  const double part = bytes / static_cast<double>(inside);
  return ring_seconds(bytes, inside, cluster.node) +
         std::min(ring_seconds(part, cluster.nodes(), cluster.network),
                  tree_seconds(part, cluster.nodes(), cluster.network));
}

double message_seconds(double bytes, const Cluster& cluster) {
  const bool one_node = cluster.nodes() == 1;
  const Link& slowest = one_node ? cluster.node : cluster.network;
  const double flat = std::min(ring_seconds(bytes, cluster.ranks, slowest),
                               tree_seconds(bytes, cluster.ranks, slowest));
  if (one_node || cluster.ranks_per_node == 1) return flat;
  return std::min(flat, hierarchical_seconds(bytes, cluster));
}

double exposed_seconds(std::span<const double> messages, double backward_s, double first_ready_s) {
  if (messages.empty()) return 0;
  const double others = std::accumulate(messages.begin(), messages.end() - 1, 0.0);
  return std::max(0.0, others - (backward_s - first_ready_s)) + messages.back();
}

double straggler_seconds(double spread_s, std::int64_t ranks) {
  return spread_s * std::sqrt(2 * std::log(static_cast<double>(ranks)));
}

double weak_scaling_efficiency(double step_s, double exposed_s, double spread_s,
                               std::int64_t ranks) {
  return step_s / (step_s + exposed_s + straggler_seconds(spread_s, ranks));
}

}  // namespace intr
