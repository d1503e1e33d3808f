// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "intr/core/affinity.h"
#include "intr/core/byte_size.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/printable.h"
#include "intr/core/progress.h"
#include "intr/core/version.h"
#include "intr/image/decode.h"
#include "preprocess/pack_commands.h"
#include "preprocess/set_lookup.h"
#include "preprocess/set_unpacker.h"
#include "preprocess/standard_output.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSummary =
    "Writes the pictures of a packed data set as files DIR/SPLIT/PATH, byte for byte. Every "
    "picture is\nchecked. The same command goes on after a stop: files that are there with the "
    "right "
    "bytes are kept.\n\nFor example, the pictures of one split as an image folder again:\n\n"
    "  intr-pack unpack SET --out pictures --split val";

struct Options {
  std::vector<std::string> set;
  std::string out;
  std::string split;
  bool allow_reencoded = false;
  bool overwrite = false;
  std::int64_t threads = 0;
  bool quiet = false;
  bool json = false;
};

void describe(Options& o, OptionSet& set) {
  set.positional("SET", o.set, 1, 1, "folder that intr-pack wrote");
  set.group("Unpack")
      .add("out", o.out, "folder to write into; nothing is ever written outside of it")
      .add("split", o.split, "this split only")
      .add("allow-reencoded", o.allow_reencoded,
           "also from sets whose pictures are not stored with the bytes of their source")
      .add("overwrite", o.overwrite, "replace files that are there with other bytes");
  set.group("Run")
      .add("threads", o.threads, "threads; 0 = the cores this process may use")
      .add("quiet", o.quiet, "warnings and errors only")
      .add("json", o.json, "print the result as JSON");
}

void require_original(const std::vector<DataIndex>& indices, const std::string& set) {
  std::int64_t reencoded = 0, all = 0;
  for (const DataIndex& index : indices) {
    all += index.size();
    for (std::int64_t row = 0; row < index.size(); ++row)
      reencoded += (index.flags(row) & kReencoded) != 0 ? 1 : 0;
  }
  if (reencoded == 0) return;
  throw UsageError(
      fmt::format("{} of {} pictures were encoded anew when they were packed: their files would "
                  "not have the bytes of the source",
                  reencoded, all),
      printable(set), "if that is fine, add --allow-reencoded");
}

UnpackResult unpack(const std::vector<DataIndex>& indices, const Options& o,
                    const CommandContext& context) {
  std::int64_t samples = 0;
  for (const DataIndex& index : indices) samples += index.size();
  Progress progress("unpacking", samples, "pictures");
  OutputTree tree(o.out);
  UnpackOptions options;
  options.threads = o.threads > 0 ? o.threads : available_cores();
  options.overwrite = o.overwrite;
  options.stop_requested = context.stop_requested;
  options.advance = [&] { progress.advance(); };
  UnpackResult total;
  for (const DataIndex& index : indices) {
    const UnpackResult result = unpack_split(index, tree, options);
    total.written += result.written;
    total.kept += result.kept;
    total.bytes += result.bytes;
    total.others.insert(total.others.end(), result.others.begin(), result.others.end());
    total.stopped = total.stopped || result.stopped;
  }
  tree.finish();
  progress.finish();
  return total;
}

Json json_of(const UnpackResult& result) {
  Json others = Json::array();
  for (const std::string& path : result.others) others.push_back(printable(path));
  return {{"written", result.written},
          {"kept", result.kept},
          {"bytes", result.bytes},
          {"different", others},
          {"stopped", result.stopped}};
}

ExitCode verdict(const UnpackResult& result, const std::string& out) {
  constexpr std::size_t kMostNamed = 20;
  for (std::size_t i = 0; i < std::min(kMostNamed, result.others.size()); ++i)
    log::error("{}/{}: is there with other bytes, and was left alone", printable(out),
               printable(result.others[i]));
  if (!result.others.empty())
    throw DataError(fmt::format("{} files have other bytes than the set", result.others.size()),
                    printable(out), "choose an empty folder, or replace them with --overwrite");
  if (result.stopped) {
    log::warning("stopped on request; finished files are kept. Next: run the same command again");
    return ExitCode::kStopped;
  }
  log::info("{} files written ({}), {} were there already", result.written,
            shown_bytes(result.bytes), result.kept);
  return ExitCode::kDone;
}

}  // namespace

ExitCode unpack_command(const std::vector<std::string>& arguments, const CommandContext& context) {
  Options o;
  OptionSet set("intr-pack unpack SET --out DIR [options]", kSummary);
  describe(o, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  require_given("out", o.out, "DIR");
  require_range("threads", o.threads, 0, 4096);
  log::set_quiet(o.quiet);
  const std::string& folder = o.set.front();
  std::vector<DataIndex> indices;
  for (const std::string& split : chosen_splits(Manifest::read(folder), o.split))
    indices.push_back(DataIndex::open(folder, split));
  if (!o.allow_reencoded) require_original(indices, folder);
  const UnpackResult result = unpack(indices, o, context);
  if (o.json) fmt::print("{}\n", json_of(result).dump(2));
  flush_output();
  return verdict(result, o.out);
}

}  // namespace intr
