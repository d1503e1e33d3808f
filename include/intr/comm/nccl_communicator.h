// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "intr/comm/communicator.h"

namespace intr {

/// "2.28.9", or "" in a build without NCCL: for --version.
std::string nccl_version();

/// Data plane over NCCL on device memory, one GPU a rank: device local_rank among the visible ones,
/// or the only one. `after` and make_wait() take a cudaStream_t; null is the default stream.
/// Collective. @param control carries the control plane and the unique id
/// @throws EnvironmentError if this build has no NCCL or there is no GPU for this rank
/// @throws PeerError if NCCL reports that a peer is gone
std::unique_ptr<Communicator> make_nccl_communicator(std::unique_ptr<Communicator> control);

}  // namespace intr
