// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>

#include "intr/core/byte_size.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/printable.h"
#include "intr/core/version.h"
#include "intr/io/atomic_file.h"
#include "preprocess/pack_commands.h"
#include "preprocess/packing_options.h"

namespace intr {
namespace {

struct PackOptions {
  std::vector<std::string> source;
  PackingOptions packing;
  std::string out;
  bool verify_existing = false;
  bool dry_run = false;
};

void describe(PackOptions& o, OptionSet& set) {
  set.positional(
      "SOURCE", o.source, 1, 1,
      "folder with SPLIT/CLASS/picture files, CUB-200-2011, CSV file, or folder with idx "
      "files (MNIST and relatives)");
  set.group("Result")
      .add("out", o.out, "folder of the packed data set")
      .add("verify-existing", o.verify_existing, "when going on, check the shards that are there")
      .add("dry-run", o.dry_run, "say what would be packed, write nothing");
  describe(o.packing, set);
}

void validate(const PackOptions& o, const OptionSet& set) {
  require_given("out", o.out, "SET");
  validate(o.packing, set);
}

void say_plan(const PackPlan& plan) {
  for (std::size_t s = 0; s < plan.listing.splits.size(); ++s) {
    std::uint64_t bytes = 0;
    std::int64_t shards = 0;
    for (const PlannedShard& shard : plan.shards) {
      if (shard.split != s) continue;
      bytes += shard.bytes;
      ++shards;
    }
    log::info("split {}: {} pictures, {} classes, {}, {} shards", plan.listing.splits[s].name,
              plan.listing.splits[s].files.size(), plan.listing.classes.size(), shown_bytes(bytes),
              shards);
  }
  for (const auto& [extension, count] : plan.listing.not_listed)
    log::info("not packed: {} files with the extension {}", count, extension);
}

/// Bytes free where SET will be: in the nearest folder that exists.
std::uint64_t room_for(const std::string& set) {
  std::filesystem::path place = std::filesystem::absolute(set);
  std::error_code ignored;
  while (!std::filesystem::exists(place, ignored) && place.has_relative_path())
    place = place.parent_path();
  return free_bytes(place.string());
}

void dry_run(const PackPlan& plan, const PackOptions& o) {
  const std::uint64_t room = room_for(o.out);
  log::info("{} are free for {}", shown_bytes(room), printable(o.out));
  if (!o.packing.json) return;
  nlohmann::ordered_json shards = nlohmann::ordered_json::array();
  for (const PlannedShard& shard : plan.shards)
    shards.push_back(
        {{"file", shard.file}, {"samples", plan.num_files(shard)}, {"bytes", shard.bytes}});
  const nlohmann::ordered_json summary = {{"plan_id", plan.plan_id},
                                          {"classes", plan.printable_classes()},
                                          {"shards", shards},
                                          {"free_bytes", room}};
  fmt::print("{}\n", summary.dump(2));
}

/// The plan that rank 0 made, on every rank. The others do not look for pictures themselves.
PackPlan shared_plan(const PackOptions& o, PictureSource& source, RankTeam& team) {
  PackPlan plan;
  if (team.rank() == 0) {
    plan = plan_packing(o.packing, source);
    say_plan(plan);
  }
  if (team.size() == 1) return plan;
  const std::string bytes = team.broadcast(team.rank() == 0 ? plan_to_bytes(plan) : "");
  if (team.rank() == 0) return plan;
  plan = plan_from_bytes(bytes);
  source.adopt(plan.listing);
  return plan;
}

void say_result(const PackReport& report, const std::string& set) {
  const nlohmann::ordered_json summary = report.summary();
  for (const auto& [name, split] : summary["splits"].items())
    log::info("{}: {} samples, {}", name, split["samples"].get<std::int64_t>(),
              shown_bytes(split["bytes"].get<std::uint64_t>()));
  if (!summary["flags"].empty()) {
    std::vector<std::string> flags;
    for (const auto& [name, count] : summary["flags"].items())
      flags.push_back(fmt::format("{} {}", count.get<std::int64_t>(), name));
    log::info("flags: {}", fmt::join(flags, ", "));
  }
  log::info("data set {} is complete in {}", report.dataset_id, printable(set));
  log::info("train on it with: mpirun -n 2 intr-train --data {} --out RUN", printable(set));
}

}  // namespace

ExitCode pack_command(const std::vector<std::string>& arguments, const CommandContext& context) {
  PackOptions o;
  OptionSet set(
      "intr-pack pack SOURCE --out SET [options]",
      "Packs pictures into sharded HDF5 without changing their bytes. The same command "
      "goes on\nwith an unfinished packing. Started with mpirun or srun, ranks divide the "
      "shards.");
  describe(o, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  validate(o, set);
  log::set_quiet(o.packing.quiet);
  RankTeam& team = *context.team;
  const bool speaks = team.rank() == 0;  // MPI starts here: no mistake in the options needs it
  if (speaks && o.packing.picture.max_side > 0)
    log::warning(
        "pictures are reduced to {} pixels: training enlarges them again, to a short side "
        "of 800. Next: leave out --max-side unless room lacks",
        o.packing.picture.max_side);
  const std::unique_ptr<PictureSource> source = make_source(o.packing.source, o.source.front());
  const PackPlan plan = shared_plan(o, *source, team);
  if (o.dry_run) {
    if (speaks) dry_run(plan, o);
    return ExitCode::kDone;
  }
  PackerOptions options = packer_options(o.packing, context);
  options.verify_existing = o.verify_existing;
  options.team = &team;
  Packer packer(*source, o.source.front(), plan, o.out, std::move(options));
  const PackOutcome outcome = packer.run();
  if (outcome == PackOutcome::kNothingToDo)
    log::info("nothing to do: {} is complete", printable(o.out));
  if (outcome == PackOutcome::kStopped && speaks)
    log::warning("stopped on request; finished shards are kept. Next: run the same command again");
  if (outcome == PackOutcome::kDone && speaks) {
    warn_of_oddities(packer.report());
    say_result(packer.report(), o.out);
    if (o.packing.json) fmt::print("{}\n", packer.report().summary().dump(2));
  }
  return outcome == PackOutcome::kStopped ? ExitCode::kStopped : ExitCode::kDone;
}

}  // namespace intr
