// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "intr/core/affinity.h"
#include "intr/core/byte_size.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/progress.h"
#include "intr/core/version.h"
#include "preprocess/pack_commands.h"
#include "preprocess/padding_figures.h"
#include "preprocess/pixel_statistics.h"
#include "preprocess/set_lookup.h"
#include "preprocess/set_statistics.h"
#include "preprocess/standard_output.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

/// What the padding figures are for: a rank's forward pass, and the loader's default window.
constexpr std::int64_t kBatchSize = 12;
constexpr std::int64_t kBucketWindow = 50;

constexpr const char* kSummary =
    "Counts what is in a packed data set: samples, classes, sizes, bytes, codecs, flags; and what "
    "share of\nthe network's input is padding at batch 12, with and without grouping pictures by "
    "size.\n\nFor example, also the mean and deviation of every channel, which reads and decodes "
    "everything:\n\n"
    "  intr-pack stats SET --split train --pixels";

struct StatsOptions {
  std::vector<std::string> set;
  std::string split;
  bool pixels = false;
  std::int64_t threads = 0;
  bool quiet = false;
  bool json = false;
};

void describe(StatsOptions& o, OptionSet& set) {
  set.positional("SET", o.set, 1, 1, "folder that intr-pack wrote");
  set.group("Statistics")
      .add("split", o.split, "this split only")
      .add("pixels", o.pixels, "also decode every picture: mean and deviation of each channel");
  set.group("Run")
      .add("threads", o.threads, "threads; 0 = the cores this process may use")
      .add("quiet", o.quiet, "warnings and errors only")
      .add("json", o.json, "print a JSON object");
}

std::string spread_text(const Json& spread) {
  if (spread.is_null()) return "-";
  return fmt::format("{} to {}, median {:g}, mean {:.1f}", spread["min"].get<std::int64_t>(),
                     spread["max"].get<std::int64_t>(), spread["median"].get<double>(),
                     spread["mean"].get<double>());
}

std::string counts_text(const Json& counts) {
  std::vector<std::string> words;
  for (const auto& [word, count] : counts.items())
    words.push_back(fmt::format("{} {}", count.get<std::int64_t>(), word));
  return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

std::string padding_text(const Json& padding) {
  const auto percent = [](const Json& figures) {
    return figures.is_null() ? std::string("unknown")
                             : fmt::format("{:.1f} %", 100 * figures["share"].get<double>());
  };
  std::string text = fmt::format("{} as it comes, {} grouped by size", percent(padding["plain"]),
                                 percent(padding["bucketed"]));
  if (padding.contains("error")) text += fmt::format(" ({})", padding["error"].get<std::string>());
  return text;
}

void print_split(const std::string& name, const Json& split) {
  const Json& classes = split["classes"];
  fmt::print("\nsplit {}\n  samples       {} in {} shards, {}\n", name,
             split["samples"].get<std::int64_t>(), split["shards"].get<std::int64_t>(),
             shown_bytes(split["bytes"].get<std::uint64_t>()));
  fmt::print("  classes       {}, {} of them empty; samples each: {}\n",
             classes["count"].get<std::int64_t>(), classes["empty"].get<std::int64_t>(),
             spread_text(classes["samples"]));
  for (const char* figure : {"width", "height", "bytes_each"})
    fmt::print("  {:<12}  {}\n", figure, spread_text(split[figure]));
  for (const char* figure : {"codecs", "modes", "orientations", "flags"})
    fmt::print("  {:<12}  {}\n", figure, counts_text(split[figure]));
  fmt::print("  boxes         {}; parts: {}\n", split["boxes"].get<std::int64_t>(),
             split["parts"].get<std::int64_t>());
  const Json& padding = split["padding"];
  for (const char* transform : {"train", "val"})
    fmt::print("  padding {:<5} {}\n", transform, padding_text(padding[transform]));
  if (!split.contains("pixel_statistics")) return;
  for (const char* figure : {"mean", "deviation"})
    fmt::print("  {:<12}  {:.6f}\n", figure,
               fmt::join(split["pixel_statistics"][figure].get<std::vector<double>>(), ", "));
}

Json statistics_of(const DataIndex& index, const StatsOptions& o, const CommandContext& context) {
  Json split = split_statistics(index);
  split["padding"] = padding_statistics(index, kBatchSize, kBucketWindow);
  if (!o.pixels) return split;
  Progress progress("decoding " + index.split(), index.size(), "pictures");
  split["pixel_statistics"] = sum_pixels(
                                  index, o.threads > 0 ? o.threads : available_cores(),
                                  [&] { progress.advance(); }, context.stop_requested)
                                  .json();
  progress.finish();
  return split;
}

}  // namespace

ExitCode stats_command(const std::vector<std::string>& arguments, const CommandContext& context) {
  StatsOptions o;
  OptionSet set("intr-pack stats SET [options]", kSummary);
  describe(o, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  require_range("threads", o.threads, 0, 4096);
  log::set_quiet(o.quiet);
  const std::string& folder = o.set.front();
  const Manifest manifest = Manifest::read(folder);
  Json splits = Json::object();
  for (const std::string& name : chosen_splits(manifest, o.split)) {
    splits[name] = statistics_of(DataIndex::open(folder, name), o, context);
    if (context.stop_requested()) {
      log::warning("stopped on request, before all pictures were counted");
      return ExitCode::kStopped;
    }
  }
  const Json result = {{"dataset_id", manifest.dataset_id},
                       {"generation", manifest.generation},
                       {"creator", manifest.creator},
                       {"created", manifest.created},
                       {"decode", {{"exif", manifest.exif}, {"gray16", manifest.gray16}}},
                       {"options", manifest.options},
                       {"splits", splits}};
  if (o.json) {
    fmt::print("{}\n", result.dump(2));
  } else {
    fmt::print("data set {}, generation {}, packed {} by {}\n", manifest.dataset_id,
               manifest.generation, manifest.created, manifest.creator);
    for (const auto& [name, split] : splits.items()) print_split(name, split);
  }
  flush_output();
  return ExitCode::kDone;
}

}  // namespace intr
