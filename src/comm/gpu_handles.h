// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <type_traits>

namespace intr {

struct StreamDeleter {
  void operator()(cudaStream_t stream) const noexcept { cudaStreamDestroy(stream); }
};
struct EventDeleter {
  void operator()(cudaEvent_t event) const noexcept { cudaEventDestroy(event); }
};
using CudaStream = std::unique_ptr<std::remove_pointer_t<cudaStream_t>, StreamDeleter>;
using CudaEvent = std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, EventDeleter>;

/// @throws EnvironmentError naming the call
void check_cuda(cudaError_t code, const char* call);

/// GPUs that this process sees; 0 without a driver.
int visible_gpus() noexcept;
/// Makes a GPU current for the calling thread.
void use_gpu(int device);
/// A stream of the highest priority that waits for no other.
CudaStream make_stream();
/// An event behind all work that `stream` has so far; null is the default stream.
CudaEvent record_event(cudaStream_t stream);
/// Later work on `stream` waits for the event.
void make_stream_wait(cudaStream_t stream, const CudaEvent& event);

}  // namespace intr
