// SPDX-License-Identifier: Apache-2.0
#include "intr/train/plan_assumptions.h"

#include <algorithm>
#include <iterator>

#include "intr/core/error.h"

namespace intr {
namespace {

struct Network {
  const char* name;
  Link link;
};
constexpr Network kNetworks[] = {
    {"25gbe", {30e-6, 2.6e9}}, {"100gbe", {15e-6, 10e9}}, {"hdr", {5e-6, 20e9}}};
constexpr Link kBetweenGpus{5e-6, 200e9};
constexpr Link kSharedMemory{2e-6, 5e9};  // one rank's share of copying through memory

}  // namespace

ModelledTimes assumed_step(double step_s) {
  return {.step_s = step_s, .backward_s = step_s * 2 / 3, .spread_s = step_s / 100};
}

ModelledTimes step_times(const std::optional<CommProfile>& profile, std::int64_t pictures,
                         std::int64_t last_pass) {
  if (!profile || profile->picture_backward_s <= 0) return assumed_step();
  ModelledTimes times =
      assumed_step(1.5 * profile->picture_backward_s * static_cast<double>(pictures));
  times.backward_s = profile->picture_backward_s * static_cast<double>(last_pass);
  return times;
}

std::vector<std::string> network_names() {
  std::vector<std::string> names;
  for (const Network& network : kNetworks) names.emplace_back(network.name);
  return names;
}

KnownCluster know_cluster(std::int64_t ranks, std::int64_t ranks_per_node,
                          const std::string& network, const std::string& back_end,
                          const std::optional<CommProfile>& profile) {
  const auto* named = std::find_if(std::begin(kNetworks), std::end(kNetworks),
                                   [&](const Network& one) { return network == one.name; });
  if (named == std::end(kNetworks)) throw InternalError("no such network", network);
  KnownCluster known{.cluster = {.ranks = ranks,
                                 .ranks_per_node = ranks_per_node,
                                 .node = back_end == "nccl" ? kBetweenGpus : kSharedMemory,
                                 .network = named->link}};
  if (!profile) return known;
  known.node_measured = profile->nodes == 1;
  known.network_measured = !known.node_measured;
  (known.node_measured ? known.cluster.node : known.cluster.network) = profile->fit.link;
  return known;
}

}  // namespace intr
