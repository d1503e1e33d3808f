// SPDX-License-Identifier: Apache-2.0
#include "intr/train/replica_guard.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <vector>

#include "intr/core/checked_cast.h"
#include "intr/core/hash.h"

namespace intr {
namespace {

/// "rank 2 (node c7)" of every rank outside the majority. @param hashes of each rank
std::string name_outsiders(const std::vector<std::uint64_t>& hashes,
                           const std::vector<std::string>& nodes) {
  std::map<std::uint64_t, std::size_t> count;
  for (const std::uint64_t hash : hashes) ++count[hash];
  const auto most = std::max_element(
      count.begin(), count.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const bool majority = 2 * most->second > hashes.size();
  std::string text;
  for (std::size_t rank = 0; rank < hashes.size(); ++rank) {
    if (majority && hashes[rank] == most->first) continue;
    text += fmt::format("{}rank {} (node {})", text.empty() ? "" : ", ", rank, nodes.at(rank));
  }
  return text + (majority ? " against the others" : ", and no majority says which is right");
}

}  // namespace

std::uint64_t replica_hash(const FlatState& state) {
  const at::Tensor values = state.param().detach().to(at::kCPU);
  const std::span floats(values.const_data_ptr<float>(), checked_cast<std::size_t>(values.numel()));
  return xxh3_64(std::as_bytes(floats));
}

void require_equal_replicas(std::uint64_t hash, std::int64_t step,
                            const std::vector<std::string>& nodes, Communicator& communicator) {
  const Tag tag{.section = "replica guard", .step = step};
  // ~x falls as x rises, so one maximum gives both ends.
  const auto value = static_cast<std::int64_t>(hash);
  std::array<std::int64_t, 2> ends = {value, ~value};
  communicator.allreduce_now(ends, Op::max, tag);
  if (ends[0] == ~ends[1]) return;
  const auto gathered = communicator.gather(std::as_bytes(std::span(&hash, 1)), 0, tag);
  std::vector<std::uint64_t> hashes(gathered.size());
  for (std::size_t rank = 0; rank < hashes.size(); ++rank)
    std::memcpy(&hashes[rank], gathered[rank].data(), sizeof(std::uint64_t));
  const std::string outsiders =
      communicator.broadcast_text(hashes.empty() ? "" : name_outsiders(hashes, nodes), 0, tag);
  throw ReplicaError(
      fmt::format("after step {} the parameters of the ranks differ: {}", step, outsiders), {},
      "check memory and device of that node; start again from a checkpoint before "
      "the difference");
}

}  // namespace intr
