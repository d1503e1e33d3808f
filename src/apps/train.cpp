// SPDX-License-Identifier: Apache-2.0
// intr-train: trains INTR over any number of ranks, or plans that.
#include "intr/comm/mpi_environment.h"
#include "intr/core/guard.h"
#include "intr/core/log.h"
#include "intr/core/stop_signal.h"
#include "intr/train/attempt.h"
#include "intr/train/device.h"
#include "intr/train/training_job.h"
#include "train/plan.h"

namespace {

intr::ExitCode train(intr::TrainOptions& options, const intr::OptionSet& set,
                     intr::Attempt& attempt) {
  validate(options);
  intr::log::set_quiet(options.quiet);

  // Before MPI and every other thread: they inherit its mask.
  const intr::StopSignal signal([&attempt] {
    attempt.record({intr::ExitCode::kStopped, intr::Cause::kStopSignal,
                    "asked to stop a second time: left without saving"});
  });
  intr::MpiEnvironment mpi;
  const intr::ComputePlace place = take_place(options.place, mpi);
  const auto communicator = make_communicator(
      intr::back_end_for(options.comm_choice(mpi.world_size()), place.device, mpi.world_size()),
      mpi);
  const intr::GivenOptions given{
      .values = set.values(), .given = [&set](const std::string& flag) { return set.given(flag); }};
  return run_training_job(options, given, place, *communicator, attempt,
                          {.requested = [&signal] { return signal.requested(); },
                           .name = [&signal] { return signal.name(); }});
}

intr::ExitCode recorded_train(int argc, char** argv) {
  const auto arguments = intr::arguments_of(argc, argv);
  if (intr::asks_for_plan(arguments)) return intr::plan_run(arguments);
  intr::TrainOptions options;
  intr::OptionSet set("[mpirun -n RANKS] intr-train --data SET --out RUN [options]",
                      "Trains INTR on a packed data set. The same command goes on with a run that "
                      "was stopped, on as many ranks as it is given. What a run on more ranks "
                      "would be like: intr-train --plan --help.");
  describe(options, set);
  if (!set.parse(arguments, intr::train_build_facts())) return intr::ExitCode::kDone;
  intr::Attempt attempt(options.out);
  return attempt.around(
      [&] { return intr::with_device_errors([&] { return train(options, set, attempt); }); });
}

}  // namespace

int main(int argc, char** argv) {
  return intr::run_guarded(
      "intr-train", [&] { return recorded_train(argc, argv); }, intr::MpiEnvironment::abort);
}
