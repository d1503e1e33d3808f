// SPDX-License-Identifier: Apache-2.0
#include "intr/train/device.h"

#include <gtest/gtest.h>

#include "intr/comm/gpu_staging.h"
#include "intr/core/error.h"

namespace intr {
namespace {

TEST(Device, CpuIsAlwaysThere) {
  EXPECT_EQ(choose_device("cpu", 0), at::kCPU);
  EXPECT_EQ(choose_device("cpu", 7), at::kCPU);
  EXPECT_THROW(choose_device("gpu", 0), UsageError);
}

TEST(Device, CudaIsTakenWhereItIsAndMissedWhereItIsNot) {
  if (!gpu_of_rank(0).empty()) {
    EXPECT_EQ(choose_device("auto", 0), at::Device(at::kCUDA, 0));
    EXPECT_EQ(choose_device("cuda", 0), at::Device(at::kCUDA, 0));
    EXPECT_TRUE(choose_device("cuda", 1000).is_cuda()) << "ranks may share a GPU";
  } else {
    EXPECT_EQ(choose_device("auto", 0), at::kCPU);
    EXPECT_THROW(choose_device("cuda", 0), EnvironmentError);
  }
}

TEST(Device, BackEndFitsTheMemory) {
  const at::Device gpu(at::kCUDA, 0);
  EXPECT_EQ(back_end_for("auto", at::kCPU, 1), "self");
  EXPECT_EQ(back_end_for("auto", at::kCPU, 2), "mpi");
  EXPECT_EQ(back_end_for("auto", gpu, 1), "self");
  EXPECT_EQ(back_end_for("auto", gpu, 2), "auto");
  EXPECT_EQ(back_end_for("mpi", at::kCPU, 1), "mpi");
  EXPECT_EQ(back_end_for("fixed", at::kCPU, 2), "fixed");
  EXPECT_EQ(back_end_for("nccl", gpu, 1), "nccl");
  EXPECT_EQ(back_end_for("host", gpu, 2), "host");
  EXPECT_THROW(back_end_for("nccl", at::kCPU, 2), EnvironmentError);
  EXPECT_THROW(back_end_for("host", at::kCPU, 2), EnvironmentError);
  EXPECT_THROW(back_end_for("mpi", gpu, 2), UsageError);
  EXPECT_THROW(back_end_for("fixed", gpu, 2), UsageError);
  EXPECT_THROW(back_end_for("gloo", at::kCPU, 2), UsageError);
}

TEST(Device, AFullGpuIsNoFaultOfTheProgram) {
  const auto fails = [](auto error) {
    try {
      with_device_errors([&]() -> ExitCode { throw error; });
    } catch (const EnvironmentError& named) {
      return std::string(named.what());
    }
    return std::string();
  };
  const c10::SourceLocation here = {"f", "file", 1};
  const std::string full = fails(c10::OutOfMemoryError(here, "tried to allocate 2 GiB\nframe #0"));
  EXPECT_NE(full.find("tried to allocate 2 GiB"), std::string::npos);
  EXPECT_NE(full.find("--micro-batch"), std::string::npos);
  EXPECT_EQ(full.find("frame"), std::string::npos);
  EXPECT_EQ(with_device_errors([] { return ExitCode::kStopped; }), ExitCode::kStopped);
  EXPECT_THROW(with_device_errors([]() -> ExitCode { throw UsageError("x", "y", "z"); }),
               UsageError);
}

}  // namespace
}  // namespace intr
