// SPDX-License-Identifier: Apache-2.0
// What `--comm host` does with a GPU, and what a CPU build says.
#include "intr/comm/gpu_staging.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "intr/comm/communicator.h"
#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"

namespace intr {
namespace {

TEST(GpuStaging, AddsUpGpuMemoryOrSaysThatThereIsNone) {
  MpiEnvironment environment;
  if (gpu_of_rank(environment.local_rank()).empty()) {
    try {
      make_communicator("host", environment);
      FAIL() << "staged the memory of no GPU";
    } catch (const EnvironmentError& error) {
      EXPECT_EQ(error.code(), ExitCode::kEnvironment);
      EXPECT_THAT(error.what(), testing::HasSubstr("--comm host"));
      EXPECT_THAT(error.what(), testing::HasSubstr("use --comm auto"));
    }
    return;
  }
  const auto communicator = make_communicator("host", environment);
  const auto ranks = static_cast<float>(communicator->world_size());
  for (const std::int64_t size : {0, 1, (1 << 20) + 1}) {
    const at::Tensor values = at::full({size}, 3.0F, at::kCUDA);
    const Buffer buffer{values.data_ptr(), static_cast<std::size_t>(size), ElementType::f32};
    communicator->allreduce(buffer, Op::sum, nullptr, {"test"})->wait();
    EXPECT_TRUE(at::equal(values, at::full({size}, 3 * ranks, at::kCUDA)));
    communicator->broadcast(buffer, 0, nullptr, {"test"})->make_wait(nullptr);
    EXPECT_TRUE(at::equal(values, at::full({size}, 3 * ranks, at::kCUDA)));
  }
}

TEST(GpuStaging, PinsMemoryOrSaysThatThereIsNoGpu) {
  std::vector<std::uint8_t> memory(1 << 20);
  if (gpu_of_rank(0).empty()) {
    EXPECT_THROW(pin_memory(memory), EnvironmentError);
    return;
  }
  pin_memory(memory);
  EXPECT_TRUE(at::from_blob(memory.data(), {1 << 20}, at::kByte).is_pinned());
  unpin_memory(memory);
}

}  // namespace
}  // namespace intr
