// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/gpu_staging.h"

#include <algorithm>
#include <array>

#include "gpu_handles.h"
#include "intr/core/error.h"

namespace intr {
namespace {

class CudaCopy final : public Work {
 public:
  explicit CudaCopy(CudaEvent done) : done_(std::move(done)) {}
  void wait() override { check_cuda(cudaEventSynchronize(done_.get()), "cudaEventSynchronize"); }
  void make_wait(StreamHandle stream) override {
    make_stream_wait(static_cast<cudaStream_t>(stream), done_);
  }

 private:
  CudaEvent done_;
};

class GpuStaging final : public StagingDevice {
 public:
  explicit GpuStaging(int device) : device_(device) {
    use_gpu(device_);
    stream_ = make_stream();
  }

  std::shared_ptr<std::byte[]> host_memory(std::size_t bytes) override {
    use_gpu(device_);
    void* memory = nullptr;
    check_cuda(cudaHostAlloc(&memory, std::max<std::size_t>(bytes, 1), cudaHostAllocDefault),
               "cudaHostAlloc");
    return {static_cast<std::byte*>(memory), [](std::byte* owned) { cudaFreeHost(owned); }};
  }
  std::unique_ptr<Work> copy_to_host(std::byte* to, const void* from, std::size_t bytes,
                                     StreamHandle after) override {
    use_gpu(device_);
    make_stream_wait(stream_.get(), record_event(static_cast<cudaStream_t>(after)));
    return copy(to, from, bytes, cudaMemcpyDeviceToHost);
  }
  std::unique_ptr<Work> copy_to_device(void* to, const std::byte* from,
                                       std::size_t bytes) override {
    use_gpu(device_);
    return copy(to, from, bytes, cudaMemcpyHostToDevice);
  }

 private:
  std::unique_ptr<Work> copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    check_cuda(cudaMemcpyAsync(to, from, bytes, kind, stream_.get()), "cudaMemcpyAsync");
    return std::make_unique<CudaCopy>(record_event(stream_.get()));
  }

  int device_;
  CudaStream stream_;
};

}  // namespace

std::string gpu_of_rank(int local_rank) {
  const int gpus = visible_gpus();
  if (gpus == 0) return {};
  std::array<char, 32> name{};
  check_cuda(cudaDeviceGetPCIBusId(name.data(), static_cast<int>(name.size()), local_rank % gpus),
             "cudaDeviceGetPCIBusId");
  return name.data();
}

std::unique_ptr<StagingDevice> make_gpu_staging(int local_rank) {
  const int gpus = visible_gpus();
  if (gpus == 0)
    throw EnvironmentError("no GPU is visible", "--comm host",
                           "use --comm auto, or start where nvidia-smi lists a GPU");
  return std::make_unique<GpuStaging>(local_rank % gpus);
}

void pin_memory(std::span<std::uint8_t> memory) {
  check_cuda(cudaHostRegister(memory.data(), memory.size(), cudaHostRegisterDefault),
             "cudaHostRegister");
}

void unpin_memory(std::span<std::uint8_t> memory) noexcept { cudaHostUnregister(memory.data()); }

}  // namespace intr
