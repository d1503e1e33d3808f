// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/bare_allreduce.h"

#include <fmt/format.h>
#include <mpi.h>

#include <exception>

#include "intr/comm/mpi_environment.h"
#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/core/stopwatch.h"

namespace intr {
namespace {

void check(int code, const char* call) {
  if (code != MPI_SUCCESS)
    throw PeerError(fmt::format("{} failed with code {}", call, code), "the bare call");
}

}  // namespace

/// Touched by the MPI thread alone.
struct BareAllreduce::State {
  MPI_Comm comm = MPI_COMM_NULL;
};

BareAllreduce::BareAllreduce(MpiEnvironment& environment)
    : environment_(environment), state_(std::make_unique<State>()) {
  environment.run([this] {
    check(MPI_Comm_dup(MPI_COMM_WORLD, &state_->comm), "MPI_Comm_dup");
    check(MPI_Comm_set_errhandler(state_->comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  });
}

BareAllreduce::~BareAllreduce() {
  if (std::uncaught_exceptions() > 0) return;
  environment_.run([this] { MPI_Comm_free(&state_->comm); });
}

double BareAllreduce::seconds(std::span<float> values, int calls) {
  const int count = checked_cast<int>(values.size());
  double all = 0;
  environment_.run([&] {
    check(MPI_Barrier(state_->comm), "MPI_Barrier");
    Stopwatch watch;
    for (int call = 0; call < calls; ++call)
      check(MPI_Allreduce(MPI_IN_PLACE, values.data(), count, MPI_FLOAT, MPI_SUM, state_->comm),
            "MPI_Allreduce");
    all = watch.lap();
  });
  return all / calls;
}

}  // namespace intr
