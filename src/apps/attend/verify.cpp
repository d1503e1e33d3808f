// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <limits>

#include "commands.h"
#include "intr/attention/dump_check.h"
#include "intr/attention/dump_origin.h"
#include "intr/attention/map_reader.h"
#include "intr/attention/plan_file.h"
#include "intr/attention/recomputation.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/data/shard_reader.h"
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
  const Intr model(loaded.config, loaded.tensors, take_precision_of(plan.facts, place.device));
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

/// @throws DataError if there are any
void report(const std::vector<std::string>& problems, const std::string& dump,
            const std::string& next) {
  for (const std::string& problem : problems) log::error("{}", problem);
  if (!problems.empty())
    throw DataError(fmt::format("{} problems found", problems.size()), dump, next);
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
  report(verify_dump(dump), dump,
         "delete the pieces named above and run the same intr-attend command again");
  const MapReader reader = MapReader::open(dump);
  const bool complete = reader.facts().complete;
  if (complete)
    fmt::print("{}: sound\n", dump);
  else
    fmt::print("{}: {} of {} samples are there; they are sound\n", dump, reader.size(),
               reader.facts().samples_planned);
  if (options.model.empty()) return ExitCode::kDone;
  if (!complete) throw UsageError("is not finished", dump, "verify it with --model once it is");
  const Recomputation result = compute_again(options);
  report(result.problems, dump,
         "if the files above were damaged, delete them and run the same intr-attend command again; "
         "another kind of machine may also round differently");
  fmt::print("{} samples computed again: {} equal bit for bit", result.checked, result.equal);
  if (result.equal < result.checked)
    fmt::print(", the others' values within {:.2g}", result.largest_difference);
  fmt::print("\n");
  return ExitCode::kDone;
}

}  // namespace intr
