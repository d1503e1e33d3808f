// SPDX-License-Identifier: Apache-2.0
// intr-eval: exact accuracy of a split, each sample once, on any number of ranks.
#include "intr/comm/mpi_environment.h"
#include "intr/core/guard.h"
#include "intr/core/log.h"
#include "intr/core/stop_signal.h"
#include "intr/io/exit_record.h"
#include "intr/train/device.h"
#include "intr/train/evaluation_job.h"

namespace {

intr::ExitCode evaluate(int argc, char** argv) {
  intr::EvaluationOptions options;
  intr::OptionSet set("[mpirun -n RANKS] intr-eval --model RUN --data SET [options]",
                      "Classifies every picture of a split once and counts. The result is the same "
                      "on any number of ranks.");
  describe(options, set);
  if (!set.parse(intr::arguments_of(argc, argv), intr::train_build_facts()))
    return intr::ExitCode::kDone;
  validate(options);
  intr::log::set_quiet(options.quiet);

  const intr::StopSignal signal;  // before MPI and every other thread: they inherit its mask
  intr::MpiEnvironment mpi;
  const intr::ComputePlace place = take_place(options.place, mpi);
  const auto communicator = make_communicator(
      intr::back_end_for(options.place.comm, place.device, mpi.world_size()), mpi);
  return run_evaluation_job(options, place, *communicator,
                            [&signal] { return signal.requested(); });
}

}  // namespace

int main(int argc, char** argv) {
  return intr::run_guarded(
      "intr-eval", intr::recorded([&] {
        return intr::with_device_errors([&] { return evaluate(argc, argv); });
      }),
      intr::MpiEnvironment::abort);
}
