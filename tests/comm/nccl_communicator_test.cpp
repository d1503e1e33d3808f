// SPDX-License-Identifier: Apache-2.0
// Built for the GPU: against `self` arithmetic where a GPU is, against the message where none is.
#include "intr/comm/nccl_communicator.h"

#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intr/comm/gpu_staging.h"
#include "intr/comm/self_communicator.h"
#include "intr/core/error.h"

namespace intr {
namespace {

using testing::HasSubstr;

/// Device memory that goes away with its owner.
struct DeviceDeleter {
  void operator()(float* memory) const noexcept { cudaFree(memory); }
};

std::unique_ptr<float, DeviceDeleter> on_device(const std::vector<float>& values) {
  void* memory = nullptr;
  EXPECT_EQ(cudaMalloc(&memory, (values.size() + 1) * sizeof(float)), cudaSuccess);
  cudaMemcpy(memory, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice);
  return std::unique_ptr<float, DeviceDeleter>(static_cast<float*>(memory));
}

std::vector<float> on_host(const float* memory, std::size_t count) {
  std::vector<float> values(count);
  cudaMemcpy(values.data(), memory, count * sizeof(float), cudaMemcpyDeviceToHost);
  return values;
}

TEST(NcclCommunicator, SaysThatNoGpuIsVisible) {
  if (!gpu_of_rank(0).empty()) {
    EXPECT_FALSE(nccl_version().empty());
    return;
  }
  try {
    make_nccl_communicator(std::make_unique<SelfCommunicator>());
    FAIL() << "NCCL started without a GPU";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no GPU is visible"));
  }
}

TEST(NcclCommunicator, OneRankChangesNoBits) {
  if (gpu_of_rank(0).empty()) {
    EXPECT_THROW(make_nccl_communicator(std::make_unique<SelfCommunicator>()), EnvironmentError);
    return;
  }
  const auto communicator = make_nccl_communicator(std::make_unique<SelfCommunicator>());
  EXPECT_EQ(communicator->info().back_end, "nccl");
  for (const std::size_t size : {0U, 1U, 7U, (1U << 20) + 1U}) {
    std::vector<float> values(size);
    for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<float>(i) * 0.1F;
    const auto memory = on_device(values);
    const Buffer buffer{memory.get(), size, ElementType::f32};
    for (const Op op : {Op::sum, Op::min, Op::max})
      communicator->allreduce(buffer, op, nullptr, {"test"})->wait();
    communicator->broadcast(buffer, 0, nullptr, {"test"})->make_wait(nullptr);
    EXPECT_EQ(on_host(memory.get(), size), values);
  }
}

}  // namespace
}  // namespace intr
