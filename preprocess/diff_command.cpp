// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "intr/core/affinity.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/printable.h"
#include "intr/core/version.h"
#include "preprocess/pack_commands.h"
#include "preprocess/source_comparison.h"
#include "preprocess/standard_output.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
using Kind = FileDifference::Kind;

constexpr std::array<std::pair<Kind, const char*>, 7> kKinds = {{{Kind::kMissing, "missing"},
                                                                 {Kind::kExtra, "extra"},
                                                                 {Kind::kChanged, "changed"},
                                                                 {Kind::kRelabeled, "relabeled"},
                                                                 {Kind::kMoved, "moved"},
                                                                 {Kind::kBoxed, "boxed"},
                                                                 {Kind::kParts, "parts"}}};

constexpr const char* kSummary =
    "Compares a packed data set with the pictures it was made of, by the bytes of every file. A "
    "line "
    "a\ndifference: missing (the set lacks a picture of SOURCE), extra (SOURCE lacks one of the "
    "set), changed\n(other bytes), relabeled (another class), moved (the same bytes under another "
    "path), boxed\n(another box), parts (other parts). Exit status 0: the same, 1: "
    "different.\n\nFor example, is there anything new in a "
    "folder:\n\n  intr-pack diff SET pictures";

struct DiffOptions {
  std::vector<std::string> words;  ///< SET SOURCE
  SourceOptions pictures;
  std::int64_t threads = 0;
  bool quiet = false;
  bool json = false;
};

void describe(DiffOptions& o, OptionSet& set) {
  set.positional("SET SOURCE", o.words, 2, 2,
                 "folder that intr-pack wrote, and what it was packed from");
  describe(o.pictures, set);
  set.group("Run")
      .add("threads", o.threads, "threads; 0 = the cores this process may use")
      .add("quiet", o.quiet, "warnings and errors only")
      .add("json", o.json, "print a JSON object");
}

Json place_json(const FileDifference::Place& place) {
  if (place.split.empty()) return {};
  return {{"split", place.split}, {"path", printable(place.path)}, {"class", place.class_name}};
}

Json json_of(const SetComparison& comparison) {
  Json result = {{"same", comparison.differences.empty()}, {"equal", comparison.equal}};
  for (const auto& [kind, name] : kKinds) {
    Json list = Json::array();
    for (const FileDifference& difference : comparison.differences) {
      if (difference.kind != kind) continue;
      list.push_back({{"source", place_json(difference.source)},
                      {"set", place_json(difference.set)},
                      {"sample", difference.sample_id >= 0 ? Json(difference.sample_id) : Json()}});
    }
    result[name] = std::move(list);
  }
  return result;
}

void print(const SetComparison& comparison) {
  for (const FileDifference& difference : comparison.differences)
    fmt::print("{}\n", difference.text());
  std::vector<std::string> counts;
  for (const auto& [kind, name] : kKinds)
    if (comparison.count(kind) > 0)
      counts.push_back(fmt::format("{} {}", comparison.count(kind), name));
  fmt::print("{} files are equal{}{}\n", comparison.equal, counts.empty() ? "" : ", ",
             fmt::join(counts, ", "));
}

}  // namespace

ExitCode diff_command(const std::vector<std::string>& arguments, const CommandContext& context) {
  DiffOptions o;
  OptionSet set("intr-pack diff SET SOURCE [options]", kSummary);
  describe(o, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  validate(o.pictures);
  require_range("threads", o.threads, 0, 4096);
  log::set_quiet(o.quiet);
  const SetComparison comparison =
      compare_with_source(o.words[0], o.pictures, o.words[1],
                          o.threads > 0 ? o.threads : available_cores(), context.stop_requested);
  if (comparison.stopped) {
    log::warning("stopped on request, before all files were compared");
    return ExitCode::kStopped;
  }
  if (o.json)
    fmt::print("{}\n", json_of(comparison).dump(2));
  else
    print(comparison);
  flush_output();
  return comparison.differences.empty() ? ExitCode::kDone : ExitCode::kDifferent;
}

}  // namespace intr
