// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "intr/comm/host_staging_communicator.h"

namespace intr {

/// Names the GPU of a rank among those of its node: local ranks are dealt to the visible ones in
/// turn. "" where none is visible, as in CPU builds.
std::string gpu_of_rank(int local_rank);

/// Copies of that GPU's memory, through pinned host memory and on a stream of their own. Streams
/// are cudaStream_t; null is the default stream.
/// @throws EnvironmentError if this build has no CUDA or no GPU is visible
std::unique_ptr<StagingDevice> make_gpu_staging(int local_rank);

/// Keeps host memory where it is, so that a GPU copies it by itself while everybody goes on.
/// @throws EnvironmentError if this build has no CUDA or the system refuses
void pin_memory(std::span<std::uint8_t> memory);
/// Before pinned memory is freed.
void unpin_memory(std::span<std::uint8_t> memory) noexcept;

}  // namespace intr
