// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "intr/core/affinity.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/progress.h"
#include "intr/core/version.h"
#include "intr/data/manifest.h"
#include "preprocess/pack_commands.h"
#include "preprocess/set_verifier.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

ExitCode verify_command(const std::vector<std::string>& arguments, const CommandContext&) {
  std::vector<std::string> sets;
  std::string level = "hash";
  std::int64_t threads = 0;
  bool quiet = false, json = false;
  OptionSet set("intr-pack verify SET [options]",
                "Checks a packed data set and names every damaged shard, sample and byte range.");
  set.positional("SET", sets, 1, 1, "folder that intr-pack wrote");
  set.group("Verify")
      .add("level", level,
           "quick (structure and sizes), hash (every byte) or decode (every picture)")
      .add("threads", threads, "threads; 0 = the cores this process may use")
      .add("quiet", quiet, "errors only")
      .add("json", json, "print the result as JSON");
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  require_choice("level", level, {"quick", "hash", "decode"});
  require_range("threads", threads, 0, 4096);
  log::set_quiet(quiet);
  std::int64_t total = 0;
  for (const Manifest::Split& split : Manifest::read(sets.front()).splits)
    total += split.num_samples;
  Progress progress("verifying", total, "samples");
  const VerifyResult result = verify_set(sets.front(),
                                         level == "quick"  ? VerifyLevel::kQuick
                                         : level == "hash" ? VerifyLevel::kHash
                                                           : VerifyLevel::kDecode,
                                         threads > 0 ? threads : available_cores(),
                                         [&](std::int64_t samples) { progress.advance(samples); });
  progress.finish();
  if (json) {
    Json damages = Json::array();
    for (const Damage& damage : result.damages) damages.push_back(damage.json());
    fmt::print("{}\n", Json({{"samples", result.samples},
                             {"shards", result.shards},
                             {"level", level},
                             {"damages", damages}})
                           .dump(2));
  }
  for (const Damage& damage : result.damages) log::error("{}", damage.text());
  if (result.damages.empty()) {
    log::info("{} samples in {} shards are good ({})", result.samples, result.shards, level);
    return ExitCode::kDone;
  }
  log::error("{} damaged places. Next: copy the shards again, or remove them and pack again",
             result.damages.size());
  return ExitCode::kBadData;
}

}  // namespace intr
