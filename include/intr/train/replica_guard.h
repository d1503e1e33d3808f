// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "intr/comm/communicator.h"
#include "intr/comm/flat_state.h"
#include "intr/core/error.h"

namespace intr {

/// The parameters of some ranks are not those of the others (76): a fault of memory, of a device
/// or of a library, since all ranks compute the same update.
struct ReplicaError : PeerError {
  using PeerError::PeerError;
};

/// XXH3-64 of the parameters as they lie in memory: equal on ranks that hold the same values.
std::uint64_t replica_hash(const FlatState& state);

/// All ranks hold equal hashes, which one control message shows. Collective.
/// @param nodes name of each rank's node
/// @throws ReplicaError on every rank, naming the ranks outside the majority; all, where none is
void require_equal_replicas(std::uint64_t hash, std::int64_t step,
                            const std::vector<std::string>& nodes, Communicator& communicator);

}  // namespace intr
