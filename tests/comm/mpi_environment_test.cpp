// SPDX-License-Identifier: Apache-2.0
// MPI that hangs: this program's own MPI_Init_thread and MPI_Finalize stand before the library's,
// which lets tools do that.
#include "intr/comm/mpi_environment.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "intr/core/error.h"
#include "support/environment.h"
#include "support/run_program.h"

extern "C" {
int PMPI_Init_thread(int* argc, char*** argv, int required, int* provided);
int PMPI_Finalize();

int MPI_Init_thread(int* argc, char*** argv, int required, int* provided) {
  while (std::getenv("HANG_IN_START") != nullptr) ::pause();
  return PMPI_Init_thread(argc, argv, required, provided);
}

int MPI_Finalize() {
  while (std::getenv("HANG_IN_END") != nullptr) ::pause();
  return PMPI_Finalize();
}
}

namespace intr {
namespace {

/// Started by the tests below, in a program of its own: MPI starts once a process.
TEST(MpiEnvironment, DISABLED_StartsAndEnds) {
  const char* limit_ms = std::getenv("LIMIT_MS");
  const MpiEnvironment environment(
      std::chrono::milliseconds(limit_ms == nullptr ? 60000 : std::atoi(limit_ms)));
  EXPECT_EQ(environment.world_size(), 1);
}

test::ProgramResult start_and_end() {
  return test::run_program("timeout 50 " +
                           test::quoted(std::filesystem::read_symlink("/proc/self/exe").string()) +
                           " --gtest_also_run_disabled_tests --gtest_filter=*StartsAndEnds");
}

TEST(MpiEnvironment, StartsAndEndsInTime) { EXPECT_EQ(start_and_end().exit_code, 0); }

TEST(MpiEnvironment, TasksThatNobodyToldHowToMeetAreRefusedBeforeMpiStarts) {
  const test::Variable tasks("SLURM_STEP_NUM_TASKS", "4");
  try {
    const MpiEnvironment environment;
    FAIL() << "it started";
  } catch (const EnvironmentError& error) {
    EXPECT_NE(std::string(error.what()).find("Slurm started 4 tasks but MPI sees one rank"),
              std::string::npos);
    EXPECT_NE(std::string(error.what()).find("--mpi=list"), std::string::npos);
  }
}

void expect_end(const char* where, const char* limit_ms, const std::string& message) {
  const test::Variable hang(where, "1"), limit("LIMIT_MS", limit_ms);
  const test::ProgramResult result = start_and_end();
  EXPECT_EQ(result.exit_code, 76);
  EXPECT_NE(result.errors.find(message), std::string::npos) << result.errors;
}

TEST(MpiEnvironment, AHangIsNamedAndEndsTheProcess) {
  expect_end("HANG_IN_START", "300", "MPI_Init_thread has not come back for 0.3 s");
  // The start, which takes its time on a busy machine, has the same limit.
  expect_end("HANG_IN_END", "10000", "MPI_Finalize has not come back for 10 s");
}

}  // namespace
}  // namespace intr
