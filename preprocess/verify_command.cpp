// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "intr/core/affinity.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/progress.h"
#include "intr/core/version.h"
#include "intr/data/manifest.h"
#include "preprocess/pack_commands.h"
#include "preprocess/set_verifier.h"
#include "preprocess/source_comparison.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSummary =
    "Checks a packed data set and names every damaged shard, sample and byte range. Ranks under\n"
    "mpirun or srun divide the shards.";

struct VerifyCommand {
  std::vector<std::string> sets;
  std::string level = "hash";
  std::string against;
  std::int64_t threads = 0;
  bool quiet = false;
  bool json = false;
  SourceOptions pictures;
};

void describe(VerifyCommand& o, OptionSet& set) {
  set.positional("SET", o.sets, 1, 1, "folder that intr-pack wrote");
  set.group("Verify")
      .add("level", o.level,
           "quick (structure and sizes), hash (every byte) or decode (every picture)")
      .add("against", o.against, "also compare with this source, by the bytes of every file")
      .add("threads", o.threads, "threads of a rank; 0 = the cores it may use")
      .add("quiet", o.quiet, "errors only")
      .add("json", o.json, "print the result as JSON");
  describe(o.pictures, set);
}

VerifyOptions options_of(const VerifyCommand& o, const CommandContext& context) {
  VerifyOptions options;
  options.level = o.level == "quick"  ? VerifyLevel::kQuick
                  : o.level == "hash" ? VerifyLevel::kHash
                                      : VerifyLevel::kDecode;
  options.threads = o.threads > 0 ? o.threads : available_cores();
  options.stop_requested = context.stop_requested;
  return options;
}

void print_json(const VerifyCommand& o, const VerifyResult& result,
                const std::optional<SetComparison>& comparison) {
  Json damages = Json::array();
  for (const Damage& damage : result.damages) damages.push_back(damage.json());
  Json json = {{"samples", result.samples},
               {"shards", result.shards},
               {"level", o.level},
               {"damages", damages}};
  if (comparison) {
    Json differences = Json::array();
    for (const FileDifference& difference : comparison->differences)
      differences.push_back(difference.text());
    json["against"] = {{"equal", comparison->equal}, {"differences", differences}};
  }
  fmt::print("{}\n", json.dump(2));
}

/// Rank 0's view of everything. @return whether all is good
bool report(const VerifyCommand& o, const VerifyResult& result,
            const std::optional<SetComparison>& comparison) {
  if (o.json) print_json(o, result, comparison);
  for (const Damage& damage : result.damages) log::error("{}", damage.text());
  if (!result.damages.empty())
    log::error("{} damaged places. Next: copy the shards again, or remove them and pack again",
               result.damages.size());
  else
    log::info("{} samples in {} shards are good ({})", result.samples, result.shards, o.level);
  if (!comparison) return result.damages.empty();
  for (const FileDifference& difference : comparison->differences)
    log::error("{}", difference.text());
  if (!comparison->differences.empty())
    log::error("{} differences from {}. Next: pack it again into another folder",
               comparison->differences.size(), o.against);
  else
    log::info("{} files are those of {}", comparison->equal, o.against);
  return result.damages.empty() && comparison->differences.empty();
}

ExitCode verify(const VerifyCommand& o, const Manifest& manifest, const CommandContext& context) {
  RankTeam& team = *context.team;
  const bool root = team.rank() == 0;
  std::int64_t total = 0;
  for (const Manifest::Split& split : manifest.splits) total += split.num_samples;
  VerifyOptions options = options_of(o, context);
  Progress progress(team.size() > 1 ? "verifying (rank 0's share)" : "verifying", total, "samples",
                    root);
  options.advance = [&](std::int64_t samples) { progress.advance(samples); };
  const VerifyResult result = verify_set(o.sets.front(), options, team);
  progress.finish();
  if (!root) return ExitCode::kDone;
  std::optional<SetComparison> comparison;
  if (!result.stopped && result.damages.empty() && !o.against.empty())
    comparison = compare_with_source(o.sets.front(), o.pictures, o.against, options.threads,
                                     options.stop_requested);
  if (result.stopped || (comparison && comparison->stopped)) {
    log::warning("stopped on request, before everything was checked");
    return ExitCode::kStopped;
  }
  return report(o, result, comparison) ? ExitCode::kDone : ExitCode::kBadData;
}

}  // namespace

ExitCode verify_command(const std::vector<std::string>& arguments, const CommandContext& context) {
  VerifyCommand o;
  OptionSet set("intr-pack verify SET [options]", kSummary);
  describe(o, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  require_choice("level", o.level, {"quick", "hash", "decode"});
  require_range("threads", o.threads, 0, 4096);
  validate(o.pictures);
  log::set_quiet(o.quiet);
  const Manifest manifest = Manifest::read(o.sets.front());
  const ExitCode code = verify(o, manifest, context);
  // Every rank leaves with rank 0's verdict.
  return static_cast<ExitCode>(
      std::stoi(context.team->broadcast(fmt::format("{}", static_cast<int>(code)))));
}

}  // namespace intr
