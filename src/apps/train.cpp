// SPDX-License-Identifier: Apache-2.0
// intr-train: trains INTR over any number of ranks.
#include "intr/comm/mpi_environment.h"
#include "intr/core/guard.h"
#include "intr/core/log.h"
#include "intr/core/stop_signal.h"
#include "intr/train/device.h"
#include "intr/train/training_job.h"

namespace {

intr::ExitCode train(int argc, char** argv) {
  intr::TrainOptions options;
  intr::OptionSet set("[mpirun -n RANKS] intr-train --data SET --out RUN [options]",
                      "Trains INTR on a packed data set. The same command goes on with a run that "
                      "was stopped, on as many ranks as it is given.");
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
  const intr::GivenOptions given{
      .values = set.values(), .given = [&set](const std::string& flag) { return set.given(flag); }};
  return run_training_job(options, given, place, *communicator,
                          {.requested = [&signal] { return signal.requested(); },
                           .name = [&signal] { return signal.name(); }});
}

}  // namespace

int main(int argc, char** argv) {
  return intr::run_guarded(
      "intr-train", [&] { return train(argc, argv); }, intr::MpiEnvironment::abort);
}
