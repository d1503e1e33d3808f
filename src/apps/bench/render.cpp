// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <functional>

#include "bench_report.h"
#include "commands.h"
#include "intr/core/affinity.h"
#include "intr/core/option_set.h"
#include "intr/core/quantile.h"
#include "intr/core/version.h"
#include "intr/io/json_file.h"
#include "render_rounds.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

struct RenderBench {
  std::int64_t pictures = 24;
  std::int64_t width = 500;
  std::int64_t height = 375;
  std::int64_t threads = 1;
  std::int64_t rounds = 7;
  bool quick = false;
  std::string json;
};

void describe(RenderBench& o, OptionSet& set) {
  set.group("What is drawn")
      .add("pictures", o.pictures, "samples of a round, made in memory: a photo as JPEG, 8 heads")
      .add("width", o.width, "pixels of the photos")
      .add("height", o.height, "pixels of the photos");
  set.group("How")
      .add("threads", o.threads, "drawing threads; 0 = the cores this process may use")
      .add("rounds", o.rounds, "rounds of each style that are timed, after one to warm up")
      .add("quick", o.quick, "two rounds of two pictures")
      .add("json", o.json, "write the result to this file, too");
}

void validate(RenderBench& o) {
  require_range("pictures", o.pictures, 1, 100'000);
  require_range("width", o.width, 1, 8192);
  require_range("height", o.height, 1, 8192);
  require_range("threads", o.threads, 0, 1024);
  require_range("rounds", o.rounds, 1, 10'000);
  if (o.quick) o.rounds = o.pictures = 2;
  if (o.threads == 0) o.threads = available_cores();
}

Json summary_of(const std::vector<RenderRound>& rounds) {
  const auto each = [&](const std::function<double(const RenderRound&)>& figure) {
    std::vector<double> values;
    for (const RenderRound& round : rounds)
      values.push_back(figure(round) / static_cast<double>(round.pictures));
    return values;
  };
  std::vector<double> pictures_s;
  for (const RenderRound& round : rounds)
    pictures_s.push_back(static_cast<double>(round.pictures) / round.seconds);
  return {{"pictures_s", spread(pictures_s)},
          {"cpu_ms", median(each([](const RenderRound& r) { return 1e3 * r.cpu_s; }))},
          {"decode_ms", median(each([](const RenderRound& r) { return 1e3 * r.decode_s; }))},
          {"draw_ms", median(each([](const RenderRound& r) { return 1e3 * r.draw_s; }))},
          {"encode_ms", median(each([](const RenderRound& r) { return 1e3 * r.encode_s; }))},
          {"kb", median(each([](const RenderRound& r) { return r.bytes / 1e3; }))}};
}

void print(const Json& summary, const RenderBench& o) {
  fmt::print(
      "photos of {} x {}, from JPEG to PNG, {} thread{}; milliseconds and kB are of a "
      "picture\n{:<18}{:>12}{:>18}{:>8}{:>8}{:>8}{:>8}{:>8}\n",
      o.width, o.height, o.threads, o.threads == 1 ? "" : "s", "", "pictures/s", "(p10 to p90)",
      "cpu", "decode", "draw", "encode", "kB");
  for (const auto& [name, row] : summary.items()) {
    const Json& speed = row.at("pictures_s");
    fmt::print("{:<18}{:>12.1f}{:>18}{:>8.2f}{:>8.2f}{:>8.2f}{:>8.2f}{:>8.0f}\n", name,
               speed.at("median").get<double>(),
               fmt::format("({:.1f} to {:.1f})", speed.at("p10").get<double>(),
                           speed.at("p90").get<double>()),
               row.at("cpu_ms").get<double>(), row.at("decode_ms").get<double>(),
               row.at("draw_ms").get<double>(), row.at("encode_ms").get<double>(),
               row.at("kb").get<double>());
  }
}

void measure(const RenderBench& o, const Json& options) {
  const RenderRounds draws(o.pictures, {o.height, o.width});
  const std::vector<RenderStyle> styles = render_styles();
  std::vector<std::vector<RenderRound>> rounds(styles.size());
  Json records = Json::array();
  for (std::int64_t turn = -1; turn < o.rounds; ++turn)  // the first one warms up
    for (std::size_t i = 0; i < styles.size(); ++i) {
      const RenderRound round = draws.next(styles[i], o.threads);
      if (turn < 0) continue;
      rounds[i].push_back(round);
      Json record = {{"style", styles[i].name}};
      record.update(round.json());
      records.push_back(record);
    }
  Json summary;
  for (std::size_t i = 0; i < styles.size(); ++i) summary[styles[i].name] = summary_of(rounds[i]);
  print(summary, o);
  if (o.json.empty()) return;
  write_json(o.json, {{"schema", "intr-bench/1"},
                      {"bench", "render"},
                      {"machine", machine_facts()},
                      {"build", build_facts()},
                      {"options", options},
                      {"rounds", records},
                      {"summary", summary},
                      {"peak_rss_mb", peak_rss_mb()},
                      {"peak_gpu_mb", 0}});
}

}  // namespace

ExitCode bench_render(const std::vector<std::string>& arguments) {
  RenderBench o;
  OptionSet set(
      "intr-bench render [options]",
      "Draws pictures as intr-render overlays does, from encoded photo to encoded picture "
      "without\nfiles, each style in turns, and says how fast. Needs no data.");
  describe(o, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  validate(o);
  measure(o, set.values());
  return ExitCode::kDone;
}

}  // namespace intr
