// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_table.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "intr/attention/confusions.h"
#include "intr/attention/sample_maps.h"
#include "intr/core/error.h"
#include "intr/core/parallel.h"

namespace intr {

namespace {

/// Measures samples, of which one thread at a time reads: HDF5 is not made for several.
class ScoreLoop {
 public:
  ScoreLoop(const MapReader& reader, std::span<const std::int64_t> rows,
            const Annotations& annotations, const ScoreSetup& setup, const LoopControl& control)
      : reader_(reader),
        rows_(rows),
        annotations_(annotations),
        setup_(setup),
        control_(control),
        scores_(rows.size()),
        errors_(rows.size()) {}

  void run() {
    parallel_for(std::ssize(rows_), control_.threads, [this](std::int64_t i) {
      if (control_.stop && control_.stop()) return;
      const auto place = static_cast<std::size_t>(i);
      try {
        scores_[place] = score_sample(reader_.facts(), reader_.sample(rows_[place]), read(place),
                                      annotations_.samples[place], setup_);
      } catch (const DataError& error) {
        errors_[place] = error.what();
      }
      const std::lock_guard lock(progress_);
      if (control_.advance) control_.advance(1);
    });
  }

  /// Sorts out what failed.
  void finish(ScoreTable& table, std::vector<SampleFailure>& failures) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const DumpSample& sample = reader_.sample(rows_[i]);
      if (errors_[i]) failures.push_back({sample.sample_id, *errors_[i]});
      if (!scores_[i]) continue;
      table.samples.push_back(sample);
      table.scores.push_back(std::move(*scores_[i]));
    }
  }

 private:
  std::vector<float> read(std::size_t place) {
    const std::lock_guard lock(reading_);
    return reader_.maps(rows_[place]);
  }

  const MapReader& reader_;
  std::span<const std::int64_t> rows_;
  const Annotations& annotations_;
  const ScoreSetup& setup_;
  const LoopControl& control_;
  std::mutex reading_, progress_;
  std::vector<std::optional<SampleScores>> scores_;
  std::vector<std::optional<std::string>> errors_;
};

void require_some_query(const ScoreTable& table, const std::string& query) {
  const auto has_maps = [](const SampleScores& scores) { return scores.has_maps; };
  if (table.scores.empty() || std::any_of(table.scores.begin(), table.scores.end(), has_maps))
    return;
  const bool of_true = query == "true";
  const auto has_label = [](const DumpSample& sample) { return sample.label >= 0; };
  if (of_true && std::none_of(table.samples.begin(), table.samples.end(), has_label))
    throw UsageError("these samples have no labels, so that no class is the true one",
                     "--query true", "--query predicted");
  throw UsageError("the dump holds no maps of the " + query + " class of any of these samples",
                   "--query " + query,
                   of_true
                       ? "--query predicted, or dump again with intr-attend --queries true,top:5"
                       : "--query true, or dump again with intr-attend --queries true,top:5");
}

}  // namespace

void describe(ScoreOptions& options, OptionSet& set) {
  set.group("Measures")
      .add("layer", options.layer, "stored decoder layer, by its number in the model; -1 = last")
      .add("query", options.query, "whose maps are measured: true (class) or predicted")
      .add("geometry", options.geometry,
           "where cells lie: receptive (what they look at) or stretch (the grid over the picture)")
      .add("mass", options.mass, "of the cells in which parts are looked for, above 0, at most 1")
      .add("replicates", options.replicates, "of the bootstrap; 0 = no intervals")
      .add("pairs", options.pairs, "most frequent confusions that are listed; 0 = all");
}

void validate(const ScoreOptions& options) {
  require_choice("query", options.query, {"true", "predicted"});
  geometry_named(options.geometry);
  require_range("mass", options.mass, 1e-6, 1.0);
  require_range("replicates", options.replicates, 0, 1'000'000);
  require_range("seed", options.seed, 0, std::int64_t{1} << 62);
  require_range("pairs", options.pairs, 0, std::int64_t{1} << 40);
}

ScoreTable score_samples(const MapReader& reader, std::span<const std::int64_t> rows,
                         const Annotations& annotations, const ScoreOptions& options,
                         const LoopControl& control, std::vector<SampleFailure>& failures) {
  ScoreTable table;
  table.facts = reader.facts();
  table.samples_in_dump = reader.size();
  const ScoreSetup setup{find_layer(table.facts, options.layer), options.query == "predicted",
                         geometry_named(options.geometry), options.mass};
  table.layer = table.facts.layers[static_cast<std::size_t>(setup.layer)];
  for (const std::int32_t head : table.facts.heads)
    if (head != kHeadMean) table.heads.push_back(head);
  table.part_names = annotations.part_names;
  table.has_boxes = annotations.has_boxes;
  table.has_parts = annotations.has_parts;
  table.boxes_outside = annotations.boxes_outside;
  table.confusions = confusions_of(reader, rows);
  if (options.pairs > 0 && std::ssize(table.confusions) > options.pairs)
    table.confusions.resize(static_cast<std::size_t>(options.pairs));
  ScoreLoop loop(reader, rows, annotations, setup, control);
  loop.run();
  loop.finish(table, failures);
  const bool stopped = control.stop && control.stop();  // then the table lacks samples
  if (!stopped) require_some_query(table, options.query);
  return table;
}

}  // namespace intr
