// SPDX-License-Identifier: Apache-2.0
// intr-predict: what single pictures show, and where the model looked. No data set, no ranks.
#include "intr/attention/prediction_job.h"
#include "intr/core/guard.h"
#include "intr/core/log.h"
#include "intr/train/compute_place.h"
#include "intr/train/device.h"

namespace {

constexpr const char* kSummary =
    "Says what pictures show: the best classes of each, with their scores. With --maps it draws "
    "where the\nmodel looked.\n\n"
    "For example, the five best classes of one picture, and what made the model say so:\n\n"
    "  intr-predict --model run --maps maps heron.jpg\n\n"
    "or a table of a whole folder, and why it was not a bittern:\n\n"
    "  intr-predict --model run --top 1 --csv pond.csv --maps maps --class bittern photos/pond";

intr::ExitCode predict(int argc, char** argv) {
  intr::PredictionOptions options;
  intr::PlaceOptions place_options;
  intr::OptionSet set("intr-predict --model FILE|RUN IMAGE|FOLDER... [options]", kSummary);
  describe(options, set);
  set.group("Machine")
      .add("threads", place_options.threads, "compute threads; 0 = the cores this process may use")
      .add("loader-threads", place_options.loader_threads,
           "decoding threads; 0 = a sixteenth of the cores, at least 1")
      .add("device", place_options.device, "auto, cpu, cuda");
  if (!set.parse(intr::arguments_of(argc, argv), intr::train_build_facts()))
    return intr::ExitCode::kDone;
  validate(options, set);
  validate(place_options);
  intr::log::set_quiet(options.quiet);
  const intr::ComputePlace place = intr::take_place(place_options);
  return run_prediction_job(
      options,
      {.device = place.device, .threads = place.threads, .loader_threads = place.loader_threads});
}

}  // namespace

int main(int argc, char** argv) {
  return intr::run_guarded("intr-predict", [&] {
    return intr::with_device_errors([&] { return predict(argc, argv); });
  });
}
