// SPDX-License-Identifier: Apache-2.0
// intr-attend: the attention of a whole split, and care for what was dumped.
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "intr/attention/dump_check.h"
#include "intr/attention/dump_index.h"
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
#include "intr/model/precision.h"
#include "intr/model/weight_binding.h"
#include "intr/train/compute_place.h"
#include "intr/train/device.h"
#include "intr/train/split_data.h"

namespace {

using namespace intr;
using Words = std::vector<std::string>;

struct AttendOptions {
  std::string model, data, split = "val", out, precision = "fp32";
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
  set.add("dry-run", o.dry_run, "print the plan and leave")
      .add("verify-existing", o.verify_existing,
           "check the hashes of pieces that are there already")
      .add("quiet", o.quiet, "only warnings and errors");
  describe_untold(o.request.options, set);
  o.request.given = [&set](const std::string& flag) { return set.given(flag); };
  describe(o.reading, set);
  describe(o.place, set);
}

void validate(const AttendOptions& o) {
  require_given("model", o.model, "CKPT");
  require_given("data", o.data, "SET");
  require_given("out", o.out, "DUMP");
  validate(o.dump);
  validate_precision(o.precision);
  validate(o.reading);
  validate(o.place);
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
      fmt::print("{}", describe_plan(plan, mpi.world_size(), free_bytes_for(o.out)));
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
                 .stop_requested = [&stop] { return stop.requested(); }});
  const ExitCode code = dumper.run();
  data.finish();
  return code;
}

ExitCode dump(const Words& arguments) {
  AttendOptions options;
  OptionSet set(
      "[mpirun -n RANKS] intr-attend --model CKPT --data SET --out DUMP [options]\n"
      "       intr-attend merge DUMP [--into FILE] | verify DUMP | status DUMP",
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

ExitCode merge(const Words& arguments) {
  Words words;
  std::string into;
  OptionSet set("intr-attend merge DUMP [--into FILE]",
                "Rebuilds the index of a dump whose pieces are all there; with --into writes one "
                "ordinary HDF5 file in sample-id order instead, which every program accepts.");
  set.positional("DUMP", words, 1, 1, "folder of a dump");
  set.group("Output").add("into", into, "file to write");
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  // A finished dump may lie on a file system that cannot be written.
  if (into.empty() || !std::filesystem::exists(words[0] + "/" + kDumpFileName))
    write_dump_index(words[0], read_dump_plan(words[0]));
  if (!into.empty()) merge_into(words[0], into);
  return ExitCode::kDone;
}

ExitCode verify(const Words& arguments) {
  Words words;
  OptionSet set("intr-attend verify DUMP",
                "Reads everything: structure, hashes, sums, each planned sample exactly once.");
  set.positional("DUMP", words, 1, 1, "folder of a dump, its index.h5, or a merged file");
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  const std::vector<std::string> problems = verify_dump(words[0]);
  for (const std::string& problem : problems) log::error("{}", problem);
  if (!problems.empty())
    throw DataError(fmt::format("{} problems found", problems.size()), words[0],
                    "delete the pieces named above and run the same intr-attend command again");
  fmt::print("{}: sound\n", words[0]);
  return ExitCode::kDone;
}

ExitCode status(const Words& arguments) {
  Words words;
  OptionSet set("intr-attend status DUMP", "Lists the pieces; exit status 0 finished, 75 not.");
  set.positional("DUMP", words, 1, 1, "folder of a dump");
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  const DumpStatus found = dump_status(words[0]);
  for (const DumpStatus::Piece& piece : found.pieces)
    fmt::print("{}  {:>5} samples  {}\n", piece.file, piece.samples,
               piece.trouble.empty() ? "there" : piece.trouble);
  fmt::print("{} of {} samples{}\n", found.samples_done, found.samples_planned,
             found.finished ? ", finished" : "");
  return found.finished ? ExitCode::kDone : ExitCode::kStopped;
}

ExitCode run(const std::string& word, const Words& rest, const Words& all) {
  if (word == "merge") return merge(rest);
  if (word == "verify") return verify(rest);
  if (word == "status") return status(rest);
  return with_device_errors([&] { return dump(word == "dump" ? rest : all); });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  return intr::run_guarded(
      "intr-attend",
      [&] { return run(word, intr::arguments_of(argc, argv, 2), intr::arguments_of(argc, argv)); },
      intr::MpiEnvironment::abort);
}
