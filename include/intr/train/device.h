// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <string>

#include "intr/core/exit_code.h"
#include "intr/data/pixel_slots.h"

namespace intr {

/// The device that `--device auto|cpu|cuda` means for a rank, made current for the calling thread.
/// auto: a GPU where the build and the machine have one, else the CPU. GPU: local ranks are
/// dealt to the visible ones in turn, so that several may share one.
/// @throws UsageError for another word; EnvironmentError if cuda was asked for and is not there
at::Device choose_device(const std::string& option, int local_rank);

/// Does the work of a program that may use a GPU.
/// @throws EnvironmentError instead of LibTorch's errors for a full or failing GPU, saying what
/// helps; else what the work throws
ExitCode with_device_errors(const std::function<ExitCode()>& work);

/// Pins the memory of pictures for a GPU, so that they travel while it computes; nothing for a CPU.
SlotMemoryHook pinned_for(at::Device device);

/// The back end of make_communicator() that `--comm` means on this device: auto becomes self for
/// one rank, mpi on CPUs; on GPUs it stays, since make_communicator() sees whether ranks share one.
/// @throws EnvironmentError if the back end needs a GPU, UsageError if it cannot reach one's memory
std::string back_end_for(const std::string& comm_option, at::Device device, int world_size);

}  // namespace intr
