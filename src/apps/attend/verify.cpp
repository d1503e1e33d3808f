// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <limits>

#include "commands.h"
#include "intr/attention/dump_check.h"
#include "intr/attention/plan_file.h"
#include "intr/attention/recomputation.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/data/shard_reader.h"
#include "intr/model/precision.h"
#include "intr/model/weight_binding.h"
#include "intr/train/compute_place.h"

namespace intr {
namespace {

struct VerifyOptions {
  std::vector<std::string> dump;
  std::string model, data;
  std::int64_t samples = 16, seed = 0;
  ModelRequest request;
  PlaceOptions place;
};

void describe(VerifyOptions& o, OptionSet& set) {
  set.positional("DUMP", o.dump, 1, 1, "folder of a dump, its index.h5, or a merged file");
  set.group("Computing again")
      .add("model", o.model, "weight file or run directory of the dump; with --data")
      .add("data", o.data, "packed data set of the dump")
      .add("samples", o.samples, "how many samples are computed again")
      .add("seed", o.seed, "which ones")
      .add("threads", o.place.threads, "compute threads; 0 = the cores this process may use")
      .add("device", o.place.device, "auto, cpu, cuda");
  describe_untold(o.request.options, set);
  o.request.given = [&set](const std::string& flag) { return set.given(flag); };
}

void validate(const VerifyOptions& o) {
  validate(o.place);
  require_range("samples", o.samples, 1, 1 << 20);
  require_range("seed", o.seed, 0, std::numeric_limits<std::int64_t>::max());
  if (o.model.empty() != o.data.empty())
    throw UsageError("belong together", "--model and --data", "give both, or none");
  if (!o.model.empty() && !std::filesystem::is_directory(o.dump[0]))
    throw UsageError("only a dump's folder knows the batches that it was computed in", o.dump[0],
                     "give the folder, or leave out --model");
}

Recomputation compute_again(const VerifyOptions& o) {
  const DumpPlanFile plan = read_dump_plan(o.dump[0]);
  const ComputePlace place = take_place(o.place);
  const DataIndex index = DataIndex::open(o.data, plan.facts.split);
  const ShardReader reader(index);
  LoadedModel loaded = load_model(o.model, o.request);
  settle_classes(loaded, index.classes(), o.data);
  for (auto& [name, tensor] : loaded.tensors) tensor = tensor.to(place.device);
  const Intr model(loaded.config, loaded.tensors,
                   take_precision(plan.facts.precision, place.device));
  const Transform transform{Transform::Kind::kValidation, loaded.config.image_size};
  return recompute_samples(o.dump[0], {.model = model,
                                       .model_hash = loaded.model_hash,
                                       .index = index,
                                       .reader = reader,
                                       .transform = transform,
                                       .device = place.device,
                                       .loader = {.threads = place.loader_threads},
                                       .samples = o.samples,
                                       .seed = static_cast<std::uint64_t>(o.seed)});
}

}  // namespace

ExitCode attend_verify(const std::vector<std::string>& arguments) {
  VerifyOptions options;
  OptionSet set("intr-attend verify DUMP [--model CKPT --data SET]",
                "Reads everything: structure, hashes, sums, each planned sample exactly once. With "
                "--model and --data it computes some samples again and compares.");
  describe(options, set);
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  validate(options);
  const std::string& dump = options.dump[0];
  std::vector<std::string> problems = verify_dump(dump);
  std::string again;
  if (problems.empty() && !options.model.empty()) {
    const Recomputation result = compute_again(options);
    problems = result.problems;
    again = fmt::format("; {} samples computed again: {} equal bit for bit", result.checked,
                        result.equal);
    if (result.equal < result.checked)
      again += fmt::format(", the others' values within {:.2g}", result.largest_difference);
  }
  for (const std::string& problem : problems) log::error("{}", problem);
  if (!problems.empty())
    throw DataError(fmt::format("{} problems found", problems.size()), dump,
                    "delete the pieces of what is named above and run the same intr-attend command "
                    "again");
  fmt::print("{}: sound{}\n", dump, again);
  return ExitCode::kDone;
}

ExitCode attend_status(const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
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

}  // namespace intr
