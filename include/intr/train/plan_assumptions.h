// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "intr/train/comm_profile.h"
#include "intr/train/scaling_model.h"

namespace intr {

/// One rank's step.
struct ModelledTimes {
  double step_s = 0;
  double backward_s = 0;  ///< part of the step
  double spread_s = 0;    ///< standard deviation of steps
};
/// A step as it is assumed where nobody measured it: the backward pass takes twice the forward
/// pass, and steps scatter by a hundredth.
ModelledTimes assumed_step(double step_s = 0.3);
/// The same from the backward pass over a picture that a profile may hold; assumed_step() where it
/// holds none. Both count pictures of one rank.
/// @param pictures of a step @param last_pass of them those of the last micro-batch: gradients
/// travel beside its backward pass alone
ModelledTimes step_times(const std::optional<CommProfile>& profile, std::int64_t pictures,
                         std::int64_t last_pass);

/// Names of networks whose links are known well enough to assume them.
std::vector<std::string> network_names();
inline constexpr const char* kAssumedNetwork = "100gbe";

/// A cluster, and which of its links were measured.
struct KnownCluster {
  Cluster cluster;
  bool node_measured = false;
  bool network_measured = false;
};
/// Takes the link of a profile, the one within a node if it ran on one node, else the one between
/// nodes; assumes the others.
/// @param network one of network_names() @param back_end nccl assumes GPUs within a node
KnownCluster know_cluster(std::int64_t ranks, std::int64_t ranks_per_node,
                          const std::string& network, const std::string& back_end,
                          const std::optional<CommProfile>& profile);

}  // namespace intr
