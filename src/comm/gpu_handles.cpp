// SPDX-License-Identifier: Apache-2.0
#include "gpu_handles.h"

#include <fmt/format.h>

#include "intr/core/error.h"

namespace intr {

void check_cuda(cudaError_t code, const char* call) {
  if (code == cudaSuccess) return;
  throw EnvironmentError(fmt::format("{} failed: {}", call, cudaGetErrorString(code)), "GPU",
                         "see nvidia-smi and the system log of this node");
}

int visible_gpus() noexcept {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

void use_gpu(int device) { check_cuda(cudaSetDevice(device), "cudaSetDevice"); }

CudaStream make_stream() {
  int least = 0;
  int greatest = 0;
  check_cuda(cudaDeviceGetStreamPriorityRange(&least, &greatest),
             "cudaDeviceGetStreamPriorityRange");
  cudaStream_t stream = nullptr;
  check_cuda(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, greatest),
             "cudaStreamCreateWithPriority");
  return CudaStream(stream);
}

CudaEvent record_event(cudaStream_t stream) {
  cudaEvent_t event = nullptr;
  check_cuda(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  CudaEvent owned(event);
  check_cuda(cudaEventRecord(event, stream), "cudaEventRecord");
  return owned;
}

void make_stream_wait(cudaStream_t stream, const CudaEvent& event) {
  check_cuda(cudaStreamWaitEvent(stream, event.get(), 0), "cudaStreamWaitEvent");
}

}  // namespace intr
