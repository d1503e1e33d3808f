// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

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
/// flushed. Call it once, before anything is computed. @throws EnvironmentError if the device is
/// not there
ComputePlace take_place(const PlaceOptions& options, const MpiEnvironment& mpi);

/// The same for a process that is alone: no rank of a job, without MPI.
ComputePlace take_place(const PlaceOptions& options);

/// Several lines for --version: what intr_train is built with.
std::string train_build_facts();

}  // namespace intr
