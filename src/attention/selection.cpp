// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "intr/attention/class_pair.h"
#include "intr/attention/sample_ranges.h"
#include "intr/attention/selection_order.h"
#include "intr/attention/verdict.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/core/whole_number.h"

namespace intr {

namespace {

/// One kind of condition, and what to call it if nothing is left.
struct Condition {
  std::string name;
  std::function<bool(const DumpSample&)> holds;
};

std::vector<Condition> conditions_of(const MapReader& reader, const SelectionOptions& options) {
  std::vector<Condition> all;
  if (!options.classes.empty()) {
    std::set<std::int32_t> wanted;
    for (const std::string& name : options.classes)
      wanted.insert(find_class(reader.facts().classes, name, "class"));
    all.push_back(
        {"--class", [wanted](const DumpSample& sample) { return wanted.contains(sample.label); }});
  }
  if (!options.samples.empty()) {
    const std::vector<SampleRange> ranges = parse_sample_ranges(options.samples);
    all.push_back({"--sample", [ranges](const DumpSample& sample) {
                     return any_holds(ranges, sample.sample_id);
                   }});
  }
  if (options.wrong_only)
    all.push_back({"--wrong-only", [](const DumpSample& sample) {
                     const Verdict verdict = judge(sample);
                     return verdict.labeled && !verdict.right;
                   }});
  if (options.correct_only)
    all.push_back({"--correct-only", [](const DumpSample& sample) { return judge(sample).right; }});
  if (!options.confused.empty()) {
    std::vector<ClassPair> pairs;
    for (const std::string& text : options.confused)
      pairs.push_back(find_class_pair(reader.facts().classes, text, "confused"));
    all.push_back({"--confused", [pairs](const DumpSample& sample) {
                     const ClassPair own{sample.label, judge(sample).predicted};
                     return std::find(pairs.begin(), pairs.end(), own) != pairs.end();
                   }});
  }
  return all;
}

[[noreturn]] void refuse_empty(const MapReader& reader, const std::vector<Condition>& conditions) {
  std::string counts = fmt::format("the dump has {} samples", reader.size());
  for (const Condition& condition : conditions) {
    std::int64_t hits = 0;
    for (std::int64_t row = 0; row < reader.size(); ++row)
      if (condition.holds(reader.sample(row))) ++hits;
    counts += fmt::format(", {} fit {}", hits, condition.name);
  }
  throw UsageError("no sample is left: " + counts, {}, "drop one of these options");
}

}  // namespace

void describe(SelectionOptions& options, OptionSet& set, const std::string& seed_help) {
  set.group("Selection (kinds intersect, repeats of one kind unite)")
      .add("class", options.classes, "true class, by name or number")
      .add("sample", options.samples, "sample id, or a range A-B with both ends")
      .add("wrong-only", options.wrong_only, "only samples whose best class is not the true one")
      .add("correct-only", options.correct_only, "only samples whose best class is the true one")
      .add(
          "confused", options.confused,
          "TRUE,PREDICTED: only samples of the first class that were taken for the second, by name "
          "or number")
      .add(
          "random", options.random,
          "draw so many of what the options above leave; 0 = all. The choice depends on --seed and "
          "the sample ids alone")
      .add("seed", options.seed, seed_help)
      .add("sort", options.sort,
           "order of the samples: id; margin or probability of the predicted class, doubtful ones "
           "first")
      .add(
          "limit", options.limit,
          "at most so many of what is left: evenly spread over it, or the first with --sort margin "
          "or probability; 0 = all");
}

std::string selection_text(const SelectionOptions& options) {
  std::string text;
  const auto add = [&](const std::string& words) {
    text += fmt::format("{}--{}", text.empty() ? "" : " ", words);
  };
  for (const std::string& name : options.classes) add(fmt::format("class {}", quoted_name(name)));
  for (const std::string& range : options.samples) add(fmt::format("sample {}", printable(range)));
  if (options.wrong_only) add("wrong-only");
  if (options.correct_only) add("correct-only");
  for (const std::string& pair : options.confused)
    add(fmt::format("confused {}", quoted_name(pair)));
  if (options.random > 0) add(fmt::format("random {} --seed {}", options.random, options.seed));
  if (options.limit > 0) add(fmt::format("limit {} --sort {}", options.limit, options.sort));
  return text;
}

std::int32_t find_class(const std::vector<std::string>& classes, const std::string& name,
                        const std::string& flag) {
  const auto found = std::find(classes.begin(), classes.end(), name);
  if (found != classes.end()) return static_cast<std::int32_t>(found - classes.begin());
  const auto number = whole_number(name);
  if (number && *number >= 0 && *number < static_cast<std::int64_t>(classes.size()))
    return static_cast<std::int32_t>(*number);
  const std::string near = nearest_match(name, classes);
  throw UsageError(fmt::format("there is no class '{}'", name), "--" + flag,
                   near.empty()
                       ? fmt::format("the classes are {}{}",
                                     fmt::join(classes.begin(),
                                               classes.begin() + std::min<std::ptrdiff_t>(
                                                                     10, std::ssize(classes)),
                                               ", "),
                                     classes.size() > 10 ? ", ..." : "")
                       : fmt::format("did you mean '{}'?", near));
}

std::vector<std::int64_t> select_rows(const MapReader& reader, const SelectionOptions& options) {
  require_range("limit", options.limit, 0, std::int64_t{1} << 40);
  require_range("random", options.random, 0, std::int64_t{1} << 40);
  require_range("seed", options.seed, 0, std::int64_t{1} << 62);
  const std::vector<Condition> conditions = conditions_of(reader, options);
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < reader.size(); ++row) {
    const DumpSample& sample = reader.sample(row);
    if (std::all_of(conditions.begin(), conditions.end(),
                    [&](const Condition& condition) { return condition.holds(sample); }))
      rows.push_back(row);
  }
  if (rows.empty()) refuse_empty(reader, conditions);
  if (options.random > 0) rows = draw_rows(reader, rows, options.random, options.seed);
  rows = sorted_rows(reader, std::move(rows), options.sort);
  if (options.sort == "id") return spread_rows(rows, options.limit);
  if (options.limit > 0 && std::ssize(rows) > options.limit)
    rows.resize(static_cast<std::size_t>(options.limit));
  return rows;
}

}  // namespace intr
