// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "intr/comm/communicator.h"
#include "intr/comm/mpi_environment.h"
#include "intr/train/train_options.h"

namespace intr {

/// Where a rank computes, after LibTorch was set up accordingly.
struct ComputePlace {
  at::Device device = at::kCPU;
  std::int64_t threads = 1;
  std::int64_t loader_threads = 1;
  int local_rank = 0;  ///< among the ranks of this node
};

/// Decides device and threads of this rank and sets LibTorch's thread counts; denormals are
/// flushed, on the MPI thread, too, which adds gradients. Call it once, before anything is
/// computed.
/// @throws EnvironmentError if the device is not there
ComputePlace take_place(const PlaceOptions& options, MpiEnvironment& mpi);

/// The part of take_place() that gives the last core of this rank's mask to the thread that makes
/// all MPI calls: what the calling thread starts from now on computes on the others.
/// @param choice on, off, or auto: from four cores of its own @return whether it was done
/// @throws EnvironmentError if it is asked for and the rank has one core
bool take_comm_core(const std::string& choice, MpiEnvironment& mpi);

/// The same for a process that is alone: no rank of a job, without MPI.
ComputePlace take_place(const PlaceOptions& options);

/// Collective: all ranks compute with equally many threads and equal instructions, without which
/// equal gradients would not give them equal parameters. @throws EnvironmentError on every rank,
/// naming ranks and values
void agree_on_place(const ComputePlace& place, Communicator& communicator);

/// Several lines for --version: what intr_train is built with.
std::string train_build_facts();

}  // namespace intr
