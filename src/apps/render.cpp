// SPDX-License-Identifier: Apache-2.0
// intr-render: pictures and a gallery from an attention dump. No MPI, no LibTorch, no GPU.
#include <fmt/format.h>

#include <filesystem>

#include "intr/attention/gallery.h"
#include "intr/attention/overlay_run.h"
#include "intr/attention/picture_names.h"
#include "intr/attention/report_folder.h"
#include "intr/attention/selection.h"
#include "intr/attention/signed_maps.h"
#include "intr/attention/summary.h"
#include "intr/core/affinity.h"
#include "intr/core/guard.h"
#include "intr/core/log.h"
#include "intr/core/progress.h"
#include "intr/core/stop_signal.h"
#include "intr/core/version.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"

namespace {

using namespace intr;

constexpr const char* kUsage =
    "Usage: intr-render overlays DUMP --data SET --out DIR [options]\n"
    "       intr-render gallery  DUMP --data SET --out DIR [options]\n"
    "       intr-render summary  DUMP --out DIR [options]\n\n"
    "Draws the attention that intr-attend stored. 'intr-render COMMAND --help' lists the "
    "options.\n\n"
    "  overlays   a picture for each sample: heat over the photo, or a strip of all heads\n"
    "  gallery    one folder with a page that shows, filters and searches all samples\n"
    "  summary    a table of the samples and what was mixed up, as CSV and JSON\n";

/// What every command takes.
struct CommonOptions {
  std::vector<std::string> dump;
  std::string out;
  SelectionOptions selection;
  std::int64_t threads = 0;
  std::string on_error = "fail";
  bool quiet = false;
};

void describe(CommonOptions& options, OptionSet& set) {
  set.positional("DUMP", options.dump, 1, 1, "folder, index.h5 or merged file of intr-attend");
  describe(options.selection, set);
  set.group("Result")
      .add("out", options.out, "folder for the result")
      .add("threads", options.threads, "drawing threads; 0 = all cores of the affinity mask")
      .add("on-error", options.on_error,
           "samples that cannot be drawn: fail (draw the others, exit 65) or skip (exit 0)")
      .add("quiet", options.quiet, "no progress, only warnings and errors");
}

void validate(const CommonOptions& options) {
  require_given("out", options.out, "DIR");
  require_range("threads", options.threads, 0, 1024);
  require_choice("on-error", options.on_error, {"fail", "skip"});
  log::set_quiet(options.quiet);
}

/// Opens the dump and says so if it is not whole.
MapReader open_dump(const std::string& path) {
  MapReader reader = MapReader::open(path);
  if (!reader.facts().complete)
    log::warning("{}: the dump is not complete; {} of {} samples are there", path, reader.size(),
                 reader.facts().samples_planned);
  return reader;
}

LoopControl control_of(const CommonOptions& options, Progress& progress, const StopSignal& stop) {
  return {compute_threads(options.threads, 1),
          [&progress](std::int64_t count) { progress.advance(count); },
          [&stop] { return stop.requested(); }};
}

/// Lists failed samples. @return the exit code of the command
ExitCode conclude(const std::vector<SampleFailure>& failures, const CommonOptions& options,
                  const StopSignal& stop) {
  constexpr std::size_t kListed = 20;
  for (std::size_t i = 0; i < std::min(kListed, failures.size()); ++i)
    log::warning("sample {} was not drawn: {}", failures[i].sample_id, failures[i].message);
  if (failures.size() > kListed) log::warning("... and {} more", failures.size() - kListed);
  if (stop.requested()) {
    log::warning("stopped by {}; the same command goes on", stop.name());
    return ExitCode::kStopped;
  }
  return failures.empty() || options.on_error == "skip" ? ExitCode::kDone : ExitCode::kBadData;
}

ExitCode overlays(const std::vector<std::string>& arguments) {
  CommonOptions common;
  PhotoOptions photo_options;
  OverlayOptions overlay;
  OverlayRunOptions run;
  OptionSet set(
      "intr-render overlays DUMP --data SET --out DIR [options]",
      "Draws attention over photos: OUT/CLASS/NAME__ID__WHAT.png; with --layout reference the "
      "tree of the published tool, OUT/visualization/NAME/. The same command again draws "
      "only what is missing.");
  describe(common, set);
  set.add("replace", run.replace, "draw again what is there, also by another recipe");
  describe(photo_options, set);
  describe(overlay, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  validate(common);
  settle_query(overlay, set.given("query"));
  validate(overlay);
  const StopSignal stop;
  const MapReader reader = open_dump(common.dump[0]);
  settle_query(overlay, set.given("query"), reader.facts().is_signed);
  const PhotoSource photos(photo_options, reader.facts());
  const std::vector<std::int64_t> rows = select_rows(reader, common.selection);
  run.out = common.out;
  run.any_image = photo_options.any_image;
  Progress progress("drawing", std::ssize(rows), "samples");
  const OverlayRunResult result =
      draw_overlays(reader, photos, rows, overlay, run, control_of(common, progress, stop));
  progress.finish();
  log::info("{} pictures drawn, {} kept, in {}", result.drawn, result.kept, common.out);
  return conclude(result.failures, common, stop);
}

ExitCode gallery(const std::vector<std::string>& arguments) {
  CommonOptions common;
  PhotoOptions photo_options;
  GalleryOptions options;
  OptionSet set("intr-render gallery DUMP --data SET --out DIR [options]",
                "Makes a folder with a page that shows all samples; open OUT/index.html in a "
                "browser. Nothing is loaded from a network.");
  describe(common, set);
  set.add("title", options.title, "of the page; none = from the split")
      .add("layer", options.layer, "stored decoder layer, by its number in the model; -1 = last")
      .add("photo-side", options.photo_side, "pixels of the photos' long side, 32 to 2048")
      .add("queries", options.queries,
           "whose maps are there: verdict (true class and runner-up) or all stored ones")
      .add("scores", options.scores,
           "CSV whose first column, 'sample' or 'id', holds sample ids: its columns of numbers "
           "become orders and facts of the samples")
      .add(
          "report", options.report,
          "report.html of intr-score, as seen from --out, or its web address; the page links to it")
      .add("single-file", options.single_file,
           "put all into index.html, to send it as one file; at most 400 MB");
  describe(photo_options, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  validate(common);
  require_range("photo-side", options.photo_side, 32, 2048);
  require_choice("queries", options.queries, {"verdict", "all"});
  const StopSignal stop;
  const MapReader reader = open_dump(common.dump[0]);
  require_attention(reader.facts(), common.dump[0],
                    "intr-render overlays draws them; for the gallery give the dump");
  const PhotoSource photos(photo_options, reader.facts());
  const std::vector<std::int64_t> rows = select_rows(reader, common.selection);
  options.out = common.out;
  options.report = found_page(common.out, options.report, "intr-score");
  options.any_image = photo_options.any_image;
  Progress progress("gallery", std::ssize(rows), "samples");
  const std::vector<SampleFailure> failures =
      write_gallery(reader, photos, rows, options, control_of(common, progress, stop));
  progress.finish();
  if (!stop.requested())
    log::info("{} samples in {}/index.html", rows.size() - failures.size(), common.out);
  return conclude(failures, common, stop);
}

ExitCode summary(const std::vector<std::string>& arguments) {
  CommonOptions common;
  OptionSet set("intr-render summary DUMP --out DIR [options]",
                "Writes OUT/summary.csv, a line a sample, and OUT/summary.json.");
  describe(common, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  validate(common);
  const MapReader reader = open_dump(common.dump[0]);
  const std::vector<std::int64_t> rows = select_rows(reader, common.selection);
  make_folder(common.out);
  const auto picture_of = [&](const DumpSample& sample) -> std::string {
    const std::string path = picture_path(reader.facts(), sample, "true-mean", "png");
    return std::filesystem::exists(common.out + "/" + path) ? path : "";
  };
  write_file(common.out + "/summary.csv", summary_csv(reader, rows, picture_of));
  const auto numbers = summary_json(reader, rows);
  write_json(common.out + "/summary.json", numbers);
  log::info("{} of {} labeled samples are right; the table is {}/summary.csv",
            numbers["hits"].get<std::int64_t>(), numbers["labeled"].get<std::int64_t>(),
            common.out);
  return ExitCode::kDone;
}

ExitCode run(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  const std::vector<std::string> rest = arguments_of(argc, argv, 2);
  if (command == "overlays") return overlays(rest);
  if (command == "gallery") return gallery(rest);
  if (command == "summary") return summary(rest);
  if (command == "--version") {
    fmt::print("{}", base_build_facts());
    return ExitCode::kDone;
  }
  if (command == "--help" || command == "-h") {
    fmt::print("{}", kUsage);
    return ExitCode::kDone;
  }
  const std::string near = nearest_match(command, {"overlays", "gallery", "summary"});
  throw UsageError(command.empty() ? "no command" : fmt::format("unknown command '{}'", command),
                   {},
                   near.empty() ? "intr-render --help lists the commands"
                                : fmt::format("did you mean '{}'?", near));
}

}  // namespace

int main(int argc, char** argv) {
  return intr::run_guarded("intr-render", [&] { return run(argc, argv); });
}
