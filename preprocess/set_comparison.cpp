// SPDX-License-Identifier: Apache-2.0
#include "preprocess/set_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <mutex>
#include <span>
#include <unordered_map>

#include "intr/core/parallel.h"
#include "intr/core/printable.h"
#include "intr/data/data_index.h"
#include "intr/data/manifest.h"

namespace intr {
namespace {

using Kind = FileDifference::Kind;
using Place = FileDifference::Place;

/// A sample of the set.
struct SetSample {
  const DataIndex* index = nullptr;
  std::int64_t row = 0;

  std::uint64_t source_hash() const {
    return index->columns().source_hash[static_cast<std::size_t>(row)];
  }
  Place place() const {
    return {index->split(), index->path(row),
            index->classes()[static_cast<std::size_t>(index->label(row))]};
  }
};

/// A file of the source, and the sample of the same name.
struct Pair {
  const SourceSplit* split = nullptr;
  const SourceFile* file = nullptr;
  std::uint64_t hash = 0;
  SetSample sample;  ///< index is null: none
};

class Comparison {
 public:
  Comparison(const std::string& set, const PictureSource& source, const Listing& listing)
      : source_(&source), listing_(&listing) {
    for (const Manifest::Split& split : Manifest::read(set).splits)
      indices_.push_back(DataIndex::open(set, split.name));
    for (const DataIndex& index : indices_) found_.emplace_back(index.size(), false);
    pair_by_name();
  }

  /// @return whether all files were read
  bool read_files(const ComparisonOptions& options) {
    std::mutex mutex;
    std::atomic<bool> stopped{false};
    parallel_for(std::ssize(pairs_), options.threads, [&](std::int64_t i) {
      if (stopped || options.stop_requested()) {
        stopped = true;
        return;
      }
      Pair& pair = pairs_[static_cast<std::size_t>(i)];
      pair.hash = source_->load(pair.split->name, *pair.file).source_hash;
      const std::lock_guard lock(mutex);
      options.advance();
    });
    return !stopped;
  }

  SetComparison result() {
    SetComparison comparison;
    auto lost = samples_without_file();
    for (const Pair& pair : pairs_) {
      if (pair.sample.index != nullptr) {
        compare_named(pair, comparison);
      } else {
        find_again(pair, lost, comparison);
      }
    }
    add_extra(lost, comparison);
    return comparison;
  }

 private:
  /// By hash; equal ones in order of the samples.
  using Lost = std::multimap<std::uint64_t, SetSample>;

  void pair_by_name() {
    for (const SourceSplit& split : listing_->splits) {
      std::unordered_map<std::string, std::int64_t> rows;
      std::size_t number = 0;
      while (number < indices_.size() && indices_[number].split() != split.name) ++number;
      const DataIndex* index = number < indices_.size() ? &indices_[number] : nullptr;
      for (std::int64_t row = 0; index != nullptr && row < index->size(); ++row)
        rows.emplace(index->path(row), row);
      for (const SourceFile& file : split.files) {
        Pair pair{&split, &file, 0, {}};
        if (const auto row = rows.find(file.path); row != rows.end()) {
          pair.sample = {index, row->second};
          found_[number][static_cast<std::size_t>(row->second)] = true;
        }
        pairs_.push_back(pair);
      }
    }
  }

  Lost samples_without_file() const {
    Lost lost;
    for (std::size_t number = 0; number < indices_.size(); ++number) {
      for (std::int64_t row = 0; row < indices_[number].size(); ++row) {
        if (found_[number][static_cast<std::size_t>(row)]) continue;
        const SetSample sample{&indices_[number], row};
        lost.emplace(sample.source_hash(), sample);
      }
    }
    return lost;
  }

  Place place_of(const Pair& pair) const {
    return {pair.split->name, pair.file->path,
            printable(listing_->classes[static_cast<std::size_t>(pair.file->label)])};
  }

  FileDifference difference(Kind kind, const Pair& pair, const SetSample& sample) const {
    return {kind, place_of(pair), sample.place(), sample.index->sample_id(sample.row)};
  }

  void compare_named(const Pair& pair, SetComparison& comparison) const {
    const bool changed = pair.hash != pair.sample.source_hash();
    const bool relabeled = place_of(pair).class_name != pair.sample.place().class_name;
    if (changed) comparison.differences.push_back(difference(Kind::kChanged, pair, pair.sample));
    if (relabeled)
      comparison.differences.push_back(difference(Kind::kRelabeled, pair, pair.sample));
    const bool boxed = listing_->has_boxes && !has_box(pair.sample, pair.file->annotations);
    if (boxed) comparison.differences.push_back(difference(Kind::kBoxed, pair, pair.sample));
    const bool parted =
        !listing_->part_names.empty() && !has_parts(pair.sample, pair.file->annotations);
    if (parted) comparison.differences.push_back(difference(Kind::kParts, pair, pair.sample));
    if (!changed && !relabeled && !boxed && !parted) ++comparison.equal;
  }

  static bool has_box(const SetSample& sample, const Annotations& annotations) {
    const std::vector<float>& all = sample.index->columns().box;
    const auto& box = annotations.box;
    if (all.empty()) return std::isnan(box[0]);
    const std::span<const float> packed =
        std::span(all).subspan(static_cast<std::size_t>(sample.row) * box.size(), box.size());
    return std::equal(packed.begin(), packed.end(), box.begin(), same_value);
  }

  bool has_parts(const SetSample& sample, const Annotations& annotations) const {
    const SampleColumns& columns = sample.index->columns();
    if (columns.part_names != listing_->part_names) return false;
    const std::size_t parts = columns.part_names.size();
    const std::size_t first = static_cast<std::size_t>(sample.row) * parts;
    const auto xy = std::span(columns.part_xy).subspan(2 * first, 2 * parts);
    const auto visible = std::span(columns.part_visible).subspan(first, parts);
    return std::equal(xy.begin(), xy.end(), annotations.part_xy.begin(), annotations.part_xy.end(),
                      same_value) &&
           std::equal(visible.begin(), visible.end(), annotations.part_visible.begin(),
                      annotations.part_visible.end());
  }

  static bool same_value(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

  /// Looks for a file without a sample of its name among the samples without a file of theirs.
  void find_again(const Pair& pair, Lost& lost, SetComparison& comparison) const {
    const Place place = place_of(pair);
    const auto [first, last] = lost.equal_range(pair.hash);
    if (first == last) {
      comparison.differences.push_back({Kind::kMissing, place, {}, -1});
      return;
    }
    // Of several copies one in the same class: nothing was relabeled then.
    const auto twin = std::find_if(first, last, [&](const auto& sample) {
      return sample.second.place().class_name == place.class_name;
    });
    const bool same_class = twin != last;
    const auto best = same_class ? twin : first;
    comparison.differences.push_back(
        difference(same_class ? Kind::kMoved : Kind::kRelabeled, pair, best->second));
    lost.erase(best);
  }

  static void add_extra(const Lost& lost, SetComparison& comparison) {
    std::vector<SetSample> samples;
    for (const auto& [hash, sample] : lost) samples.push_back(sample);
    std::sort(samples.begin(), samples.end(), [](const SetSample& a, const SetSample& b) {
      return std::pair(a.index, a.row) < std::pair(b.index, b.row);
    });
    for (const SetSample& sample : samples)
      comparison.differences.push_back(
          {Kind::kExtra, {}, sample.place(), sample.index->sample_id(sample.row)});
  }

  const PictureSource* source_;
  const Listing* listing_;
  std::vector<DataIndex> indices_;
  std::vector<std::vector<bool>> found_;  ///< whether a row of an index has a file of its name
  std::vector<Pair> pairs_;
};

std::string name_of(const Place& place) { return printable(place.split + "/" + place.path); }

}  // namespace

std::string FileDifference::text() const {
  switch (kind) {
    case Kind::kMissing:
      return fmt::format("missing    {} (class {})", name_of(source), source.class_name);
    case Kind::kExtra:
      return fmt::format("extra      {} (sample {}, class {})", name_of(set), sample_id,
                         set.class_name);
    case Kind::kChanged:
      return fmt::format("changed    {} (sample {})", name_of(source), sample_id);
    case Kind::kRelabeled:
      return fmt::format("relabeled  {}: class {}; in the set {} (sample {}), class {}",
                         name_of(source), source.class_name, name_of(set), sample_id,
                         set.class_name);
    case Kind::kBoxed:
      return fmt::format("boxed      {}: another box (sample {})", name_of(source), sample_id);
    case Kind::kParts:
      return fmt::format("parts      {}: other parts (sample {})", name_of(source), sample_id);
    case Kind::kMoved:
      return fmt::format("moved      {}; in the set {} (sample {})", name_of(source), name_of(set),
                         sample_id);
  }
  return {};
}

std::int64_t SetComparison::count(FileDifference::Kind kind) const {
  return std::count_if(differences.begin(), differences.end(),
                       [&](const FileDifference& difference) { return difference.kind == kind; });
}

SetComparison compare_with_source(const std::string& set, const PictureSource& source,
                                  const Listing& listing, const ComparisonOptions& options) {
  Comparison comparison(set, source, listing);
  if (comparison.read_files(options)) return comparison.result();
  SetComparison stopped;
  stopped.stopped = true;
  return stopped;
}

}  // namespace intr
