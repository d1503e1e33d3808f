// SPDX-License-Identifier: Apache-2.0
// What a CPU build says when it is asked for NCCL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intr/comm/communicator.h"
#include "intr/comm/mpi_environment.h"
#include "intr/comm/nccl_communicator.h"
#include "intr/core/error.h"

namespace intr {
namespace {

TEST(NcclStub, SaysBuiltWithoutNccl) {
  EXPECT_EQ(nccl_version(), "");
  MpiEnvironment environment;
  try {
    make_communicator("nccl", environment);
    FAIL() << "a CPU build made an NCCL communicator";
  } catch (const EnvironmentError& error) {
    EXPECT_EQ(error.code(), ExitCode::kEnvironment);
    EXPECT_THAT(error.what(), testing::HasSubstr("built without NCCL"));
  }
}

}  // namespace
}  // namespace intr
