// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace intr {

/// One hop between two ranks.
struct Link {
  double latency_s = 0;    ///< of a message without content
  double bytes_per_s = 0;  ///< beyond that
  bool operator==(const Link&) const = default;
};

/// Where the ranks of a job are.
struct Cluster {
  std::int64_t ranks = 1;
  std::int64_t ranks_per_node = 1;
  Link node;     ///< between ranks of one node
  Link network;  ///< between nodes
  std::int64_t nodes() const noexcept;
};

// Seconds until every rank has the sum of one message of all ranks. A step's gradients are several
// messages; their times add up. 0 for one rank. Source: docs/scaling.md, "The model"; the costs are
// those of Thakur, Rabenseifner and Gropp 2005, Optimization of collective communication
// operations in MPICH, sec. 4.

/// Around a ring: 2(n-1) latency + 2(n-1)/n bytes/bandwidth.
double ring_seconds(double bytes, std::int64_t ranks, const Link& link);

/// Up and down a binary tree: 2 ceil(log2 n) latency + 2 bytes/bandwidth.
double tree_seconds(double bytes, std::int64_t ranks, const Link& link);

/// Inside the nodes around a ring, 2(g-1) latency + 2(g-1)/g bytes/bandwidth, and between nodes g
/// parts at a time, by ring or tree, whichever is faster.
double hierarchical_seconds(double bytes, const Cluster& cluster);

/// The fastest of the three: libraries choose by size and place, too. Inside one node and with one
/// rank a node only ring and tree are asked.
double message_seconds(double bytes, const Cluster& cluster);

/// What a step waits for its gradients after the backward pass: the messages before the last run
/// beside that pass, as soon as the first is ready; the last cannot.
/// max(0, T_others - (T_backward - t_first)) + T_last.
/// @param messages seconds of each, in order @param first_ready_s into the backward pass
double exposed_seconds(std::span<const double> messages, double backward_s, double first_ready_s);

/// Share of n times one rank's speed, when each rank keeps its share of pictures: T / (T + exposed
/// + spread sqrt(2 ln n)). The last term is how far the slowest of n ranks is behind, where step
/// times scatter normally (the expected maximum of n normal draws, to leading order).
/// @param step_s, spread_s mean and standard deviation of one rank's step
double weak_scaling_efficiency(double step_s, double exposed_s, double spread_s,
                               std::int64_t ranks);

/// spread sqrt(2 ln n), see above.
double straggler_seconds(double spread_s, std::int64_t ranks);

}  // namespace intr
