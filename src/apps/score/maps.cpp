// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "commands.h"
#include "intr/attention/score_folder.h"
#include "intr/attention/score_json.h"
#include "intr/attention/score_summarizer.h"
#include "intr/attention/score_text.h"
#include "intr/attention/score_warnings.h"
#include "intr/attention/selection.h"
#include "intr/attention/signed_maps.h"
#include "intr/core/affinity.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/progress.h"
#include "intr/core/stop_signal.h"
#include "intr/core/version.h"

namespace intr {
namespace {

/// Everything that `intr-score maps` takes.
struct MapsOptions {
  std::vector<std::string> dump;
  std::string out;
  std::string gallery;
  SelectionOptions selection;
  AnnotationOptions annotations;
  ScoreOptions score;
  std::int64_t threads = 0;
  bool json = false;
  bool quiet = false;
};

void describe(MapsOptions& options, OptionSet& set) {
  set.positional("DUMP", options.dump, 1, 1, "folder, index.h5 or merged file of intr-attend");
  describe(options.annotations, set);
  describe(options.score, set);
  describe(options.selection, set, "of --random and of the bootstrap");
  set.group("Result")
      .add("out", options.out,
           "folder for report.html, plots, samples.csv, heads.csv, classes.csv, parts.csv and "
           "summary.json")
      .add("gallery", options.gallery,
           "index.html of intr-render gallery, as seen from --out, or its web address; the report "
           "links to it")
      .add("json", options.json, "print summary.json instead of the table")
      .add("threads", options.threads, "0 = all cores of the affinity mask; changes no result")
      .add("quiet", options.quiet, "no table and no progress, only warnings and errors");
}

/// What changes numbers. Not the number of threads, nor where files lie.
nlohmann::ordered_json recipe_of(const OptionSet& set) {
  static const std::set<std::string> kLeftOut = {"out",   "gallery", "json",  "threads",
                                                 "quiet", "data",    "boxes", "parts"};
  nlohmann::ordered_json recipe;
  const nlohmann::ordered_json values = set.values();
  for (const auto& [flag, value] : values.items())
    if (!kLeftOut.contains(flag)) recipe[flag] = value;
  return recipe;
}

void warn_about(const Annotations& annotations, const AnnotationOptions& options) {
  if (annotations.unmatched > 0)
    log::info("{} lines of boxes or parts are of pictures that the dump does not hold",
              annotations.unmatched);
  const std::int64_t samples = std::ssize(annotations.samples);
  if (annotations.has_boxes && annotations.num_boxes < samples)
    log::warning("{} of {} samples have no box", samples - annotations.num_boxes, samples);
  if (annotations.reencoded > 0)
    log::warning(
        "{} pictures were stored anew when packed, so that their boxes and parts do not fit: not "
        "measured. Next: --boxes and --parts in pixels of the stored pictures",
        annotations.reencoded);
  if (annotations.parts_outside > 0)
    log::warning("{} visible parts lie outside their pictures and count as hidden",
                 annotations.parts_outside);
  if (!options.data.empty() && !annotations.has_boxes && !annotations.has_parts)
    log::warning("{} holds neither boxes nor parts", options.data);
}

/// Lists samples that cannot be read; a result without them would be another one.
void refuse_damage(const std::vector<SampleFailure>& failures, const std::string& dump) {
  if (failures.empty()) return;
  constexpr std::size_t kListed = 20;
  for (std::size_t i = 0; i < std::min(kListed, failures.size()); ++i)
    log::warning("sample {}: {}", failures[i].sample_id, failures[i].message);
  throw DataError(fmt::format("{} samples cannot be read; nothing was written", failures.size()),
                  dump, fmt::format("intr-attend verify {}", dump));
}

ExitCode stopped(const StopSignal& stop) {
  log::warning("stopped by {}; nothing was written", stop.name());
  return ExitCode::kStopped;
}

ScoreTable measure(const MapReader& reader, std::span<const std::int64_t> rows,
                   const Annotations& annotations, const MapsOptions& options,
                   const StopSignal& stop) {
  Progress progress("measuring", std::ssize(rows), "samples", !options.quiet);
  const LoopControl control{.threads = compute_threads(options.threads, 1),
                            .advance = [&](std::int64_t count) { progress.advance(count); },
                            .stop = [&] { return stop.requested(); }};
  std::vector<SampleFailure> failures;
  ScoreTable table = score_samples(reader, rows, annotations, options.score, control, failures);
  progress.finish();
  if (!stop.requested()) refuse_damage(failures, options.dump[0]);
  return table;
}

ScoreSummary summarize(const ScoreTable& table, const MapsOptions& options,
                       const StopSignal& stop) {
  Progress progress("bootstrap", options.score.replicates, "replicates", !options.quiet);
  ScoreSummary summary = summarize(
      table, options.score, options.dump[0], compute_threads(options.threads, 1),
      [&](std::int64_t count) { progress.advance(count); }, [&] { return stop.requested(); });
  progress.finish();
  summary.selection = selection_text(options.selection);
  return summary;
}

ExitCode write_scores(const MapsOptions& options, const nlohmann::ordered_json& recipe) {
  const StopSignal stop;
  const MapReader reader = MapReader::open(options.dump[0]);
  require_attention(reader.facts(), options.dump[0],
                    "give the dump to be measured; intr-render overlays draws signed maps");
  std::vector<std::int64_t> rows = select_rows(reader, options.selection);
  std::sort(rows.begin(), rows.end());
  const Annotations annotations = read_annotations(reader, rows, options.annotations);
  warn_about(annotations, options.annotations);
  ScoreFolder folder(options.out);
  const ScoreTable table = measure(reader, rows, annotations, options, stop);
  if (stop.requested()) return stopped(stop);
  const ScoreSummary summary = summarize(table, options, stop);
  if (stop.requested()) return stopped(stop);
  for (const std::string& warning : score_warnings(summary)) log::warning("{}", warning);
  const std::string json = score_json(summary, recipe).dump(2) + "\n";
  folder.write(table, summary, json,
               found_page(options.out, options.gallery, "intr-render gallery"));
  if (options.json)
    fmt::print("{}", json);
  else if (!options.quiet)
    fmt::print("{}", score_text(summary));
  log::info("{} samples measured; the tables are in {}", table.samples.size(), options.out);
  return ExitCode::kDone;
}

}  // namespace

ExitCode score_maps(const std::vector<std::string>& arguments) {
  MapsOptions options;
  OptionSet set("intr-score maps DUMP --out DIR [options]",
                "Measures attention maps: how sharp they are, where they look, whether heads "
                "differ, whether classes do, and, with boxes and parts, what they hit. All means "
                "have 95 % bootstrap intervals.");
  describe(options, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  require_given("out", options.out, "DIR");
  require_range("threads", options.threads, 0, 1024);
  options.score.seed = options.selection.seed;
  validate(options.score);
  log::set_quiet(options.quiet);
  return write_scores(options, recipe_of(set));
}

}  // namespace intr
