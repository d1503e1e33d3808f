// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mpi.h>

#include <cstddef>
#include <functional>
#include <vector>

#include "intr/comm/communicator.h"

namespace intr {

/// Called with every MPI call's code and name; throws if it is an error.
using MpiCheck = std::function<void(int code, const char* call)>;

/// An allreduce whose bits depend on the values and the number of ranks alone: one binary tree over
/// rank numbers, (0 + 1) + (2 + 3) and so on, always lower + higher, then a broadcast. The
/// library's own may add in another order from run to run.
/// @param count elements; fits one message  @param scratch memory that is used again
void ordered_allreduce(MPI_Comm comm, Buffer inout, MPI_Datatype type, Op op,
                       std::vector<std::byte>& scratch, const MpiCheck& check);

}  // namespace intr
