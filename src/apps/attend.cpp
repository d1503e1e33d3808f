// SPDX-License-Identifier: Apache-2.0
// intr-attend: the attention of a whole split, and care for what was dumped.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "attend/commands.h"
#include "intr/attention/dump_estimate.h"
#include "intr/attention/dumper.h"
#include "intr/comm/communicator.h"
#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"
#include "intr/core/guard.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/stop_signal.h"
#include "intr/data/shard_reader.h"
#include "intr/io/atomic_file.h"
#include "intr/io/exit_record.h"
#include "intr/model/precision.h"
#include "intr/model/weight_binding.h"
#include "intr/train/compute_place.h"
#include "intr/train/device.h"
#include "intr/train/split_data.h"

namespace {

using namespace intr;
using Words = std::vector<std::string>;

struct AttendOptions {
  std::string model, data, split = "val", out, precision = "fp32", part;
  ModelRequest request;
  DumpOptions dump;
  ReadingOptions reading;
  PlaceOptions place;
  bool dry_run = false, verify_existing = false, quiet = false;
};

void describe(AttendOptions& o, OptionSet& set) {
  set.group("Input and output")
      .add("model", o.model,
           "weight file (.pth, .safetensors, checkpoint) or run directory (its best checkpoint)")
      .add("data", o.data, "packed data set")
      .add("split", o.split, "split whose pictures are looked at")
      .add("out", o.out, "folder of the dump; the same command again resumes it");
  describe(o.dump, set);
  set.group("Running");
  describe_precision(o.precision, set);
  set.add("part", o.part,
          "this job's share of the pieces: i/n with i from 0 to n - 1, or auto in a Slurm array; "
          "any order, repeats and several at once are safe")
      .add("dry-run", o.dry_run, "print the plan and leave")
      .add("verify-existing", o.verify_existing,
           "check the hashes of pieces that are there already")
      .add("quiet", o.quiet, "only warnings and errors");
  describe_untold(o.request.options, set);
  o.request.given = [&set](const std::string& flag) { return set.given(flag); };
  describe(o.reading, set);
  describe(o.place, set);
}

DumpPart part_of(const AttendOptions& o) {
  return parse_part(o.part, [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  });
}

void validate(const AttendOptions& o) {
  require_given("model", o.model, "CKPT");
  require_given("data", o.data, "SET");
  require_given("out", o.out, "DUMP");
  validate(o.dump);
  validate_precision(o.precision);
  validate(o.reading);
  validate(o.place);
  static_cast<void>(part_of(o));
}

/// Free bytes where a folder will be made.
std::uint64_t free_bytes_for(const std::string& folder) {
  std::filesystem::path path = std::filesystem::absolute(folder);
  while (!std::filesystem::exists(path)) path = path.parent_path();
  return free_bytes(path.string());
}

ExitCode run_dump(const AttendOptions& o, const StopSignal& stop, MpiEnvironment& mpi) {
  const ComputePlace place = take_place(o.place, mpi);
  const at::ScalarType products = take_precision(o.precision, place.device);
  const auto communicator =
      make_communicator(back_end_for(o.place.comm, place.device, mpi.world_size()), mpi);
  SplitData data(o.data, o.split, o.reading, place, *communicator, true);
  const DataIndex& index = data.index();
  LoadedModel loaded = load_model(o.model, o.request);
  settle_classes(loaded, index.classes(), o.data);
  const DumpModel facts = dump_model(loaded.config, loaded.model_hash, o.precision);
  const Transform transform{Transform::Kind::kValidation, loaded.config.image_size};
  if (o.dry_run) {
    const DumpPlan plan = plan_dump(index, facts, o.dump, transform);
    if (mpi.rank() == 0)
      fmt::print("{}", describe_plan(plan, part_of(o), mpi.world_size(), free_bytes_for(o.out)));
    return ExitCode::kDone;
  }
  const DumpPlan plan = settle_plan(o.out, index, facts, o.dump, transform, *communicator);
  for (auto& [name, tensor] : loaded.tensors) tensor = tensor.to(place.device);
  const Intr model(loaded.config, loaded.tensors, products);
  Dumper dumper(o.out, plan,
                {.model = model,
                 .index = index,
                 .reader = data.reader(),
                 .transform = transform,
                 .communicator = *communicator,
                 .device = place.device,
                 .loader = o.reading.means(place.loader_threads),
                 .verify_existing = o.verify_existing,
                 .part = part_of(o),
                 .stop_requested = [&stop] { return stop.requested(); }});
  const ExitCode code = dumper.run();
  data.finish();
  return code;
}

ExitCode dump(const Words& arguments) {
  AttendOptions options;
  OptionSet set(
      "[mpirun -n RANKS] intr-attend --model CKPT --data SET --out DUMP [options]\n"
      "       intr-attend merge DUMP... | verify DUMP | status DUMP; merge --help tells more",
      "Stores the cross-attention of the true class's query and of the best classes, for every "
      "picture of a split. The files are the same on any number of ranks.");
  describe(options, set);
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  validate(options);
  log::set_quiet(options.quiet);
  const StopSignal stop;  // before MPI and every other thread: they inherit its mask
  MpiEnvironment mpi;
  return run_dump(options, stop, mpi);
}

ExitCode run(const std::string& word, const Words& rest, const Words& all) {
  if (word == "merge") return attend_merge(rest);
  if (word == "verify") return with_device_errors([&] { return attend_verify(rest); });
  if (word == "status") return attend_status(rest);
  return with_device_errors([&] { return dump(word == "dump" ? rest : all); });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  return intr::run_guarded(
      "intr-attend",
      intr::recorded([&] {
        return run(word, intr::arguments_of(argc, argv, 2), intr::arguments_of(argc, argv));
      }),
      intr::MpiEnvironment::abort);
}
