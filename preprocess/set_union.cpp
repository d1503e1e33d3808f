// SPDX-License-Identifier: Apache-2.0
#include "preprocess/set_union.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/printable.h"
#include "intr/core/version.h"
#include "intr/data/shard_format.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "preprocess/set_files.h"
#include "preprocess/set_identity.h"

namespace intr {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

/// Gives columns without boxes or parts empty ones, so that they can stand with others.
void add_empty_annotations(SampleColumns& columns, bool boxes,
                           const std::vector<std::string>& parts) {
  const auto n = static_cast<std::size_t>(columns.size());
  if (boxes && columns.box.empty()) columns.box.assign(4 * n, kNone);
  if (parts.empty() || !columns.part_names.empty()) return;
  columns.part_names = parts;
  columns.part_xy.assign(2 * n * parts.size(), kNone);
  columns.part_visible.assign(n * parts.size(), 0);
}

void append_rows(SampleColumns& all, SampleColumns more, const std::string& set) {
  if (!all.part_names.empty() && !more.part_names.empty() && all.part_names != more.part_names)
    throw DataError("its parts of bodies are others than those of the sets before", printable(set),
                    "unite sets with equal parts");
  const auto parts = all.part_names.empty() ? more.part_names : all.part_names;
  const bool boxes = !all.box.empty() || !more.box.empty();
  add_empty_annotations(all, boxes, parts);
  add_empty_annotations(more, boxes, parts);
  all.append(more);
}

/// Label in the shard -> label in the united set.
std::vector<std::int32_t> map_of(const DataIndex::Shard& shard,
                                 const std::vector<std::int32_t>& labels) {
  std::vector<std::int32_t> map;
  if (shard.label_map.empty()) {
    map = labels;
  } else {
    for (const std::int32_t label : shard.label_map)
      map.push_back(labels[static_cast<std::size_t>(label)]);
  }
  for (std::size_t i = 0; i < map.size(); ++i)
    if (map[i] != static_cast<std::int32_t>(i)) return map;
  return {};
}

/// Options of the first sets and of one more. Sets that differ in how pictures are stored make a
/// mixed one; the identities of their annotations become one.
nlohmann::ordered_json unite_options(nlohmann::ordered_json all, nlohmann::ordered_json more) {
  const std::string before = all.value("annotations", ""), added = more.value("annotations", "");
  all.erase("annotations");
  more.erase("annotations");
  if (all != more) all = {{"store", "mixed"}};
  if (!before.empty() || !added.empty())
    all["annotations"] = Hash128().add(before).add(added).hex();
  return all;
}

}  // namespace

SetUnion::SetUnion(const std::vector<std::string>& sets, std::int64_t generation)
    : generation_(generation), folders_(sets) {
  for (const std::string& set : sets) {
    const Part part{set, Manifest::read(set)};
    if (&set == &sets.front()) {
      manifest_ = part.manifest;
      manifest_.splits.clear();
    }
    if (part.manifest.exif != manifest_.exif || part.manifest.gray16 != manifest_.gray16) {
      throw DataError(
          fmt::format("decodes with --exif {} --gray16 {}, the first set with --exif {} "
                      "--gray16 {}",
                      part.manifest.exif, part.manifest.gray16, manifest_.exif, manifest_.gray16),
          printable(set), "pack one of them anew with the options of the other");
    }
    if (&set != &sets.front())
      manifest_.options = unite_options(manifest_.options, part.manifest.options);
    const std::vector<BadFile> bad = read_bad_files(set, part.manifest.generation);
    report_.bad.insert(report_.bad.end(), bad.begin(), bad.end());
    for (const std::string& id : part.manifest.plan_ids) {
      auto& ids = manifest_.plan_ids;
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    }
    read(part, unite_classes(part));
  }
  for (const std::string& name : manifest_.classes)
    plan_.listing.classes.push_back(from_printable(name));
  plan_.options_json = manifest_.options.dump();
  plan_.plan_id = manifest_.plan_ids.back();
  for (const PackedSplit& split : splits_) {
    SourceSplit& files = plan_.listing.splits.emplace_back(SourceSplit{split.name, {}});
    for (std::int64_t row = 0; row < split.columns.size(); ++row) {
      const auto i = static_cast<std::size_t>(row);
      files.files.push_back({split.columns.path_of(row), split.columns.label[i],
                             split.columns.sample_id[i], split.length[i], 0});
    }
  }
  report_.plan = &plan_;
  report_.splits = &splits_;
  report_.applies_exif = manifest_.exif == "apply";
  report_.duplicates = mark_duplicates(splits_);
  manifest_.generation = report_.generation = generation;
  manifest_.flag_counts = count_flags(splits_);
  manifest_.dataset_id = report_.dataset_id =
      identify_set(plan_, splits_, manifest_.exif, manifest_.gray16);
}

/// @return label in that set -> label in the united one
std::vector<std::int32_t> SetUnion::unite_classes(const Part& part) {
  std::vector<std::int32_t> labels;
  for (const std::string& name : part.manifest.classes) {
    auto& all = manifest_.classes;
    const auto found = std::find(all.begin(), all.end(), name);
    labels.push_back(static_cast<std::int32_t>(found - all.begin()));
    if (found == all.end()) all.push_back(name);
  }
  return labels;
}

std::size_t SetUnion::split_number(const std::string& name) {
  for (std::size_t s = 0; s < splits_.size(); ++s)
    if (splits_[s].name == name) return s;
  splits_.push_back({name, {}, {}});
  shards_.emplace_back();
  owner_.emplace_back();
  return splits_.size() - 1;
}

void SetUnion::read(const Part& part, const std::vector<std::int32_t>& labels) {
  const auto number = static_cast<std::size_t>(
      std::find(folders_.begin(), folders_.end(), part.set) - folders_.begin());
  for (const Manifest::Split& facts : part.manifest.splits) {
    const DataIndex index = DataIndex::open(part.set, facts.name);
    const std::size_t s = split_number(facts.name);
    PackedSplit& split = splits_[s];
    const std::uint64_t shift = split.columns.size() == 0 ? 0 : split.columns.sample_id.back() + 1;
    SampleColumns columns = index.columns();
    for (std::uint64_t& id : columns.sample_id) id += shift;
    for (std::int32_t& label : columns.label) label = labels[static_cast<std::size_t>(label)];
    append_rows(split.columns, std::move(columns), part.set);
    for (std::int64_t row = 0; row < index.size(); ++row) split.length.push_back(index.length(row));
    for (DataIndex::Shard shard : index.shards()) {
      shard.first_sample += static_cast<std::int64_t>(shift);
      shard.label_map = map_of(shard, labels);
      shards_[s].push_back(std::move(shard));
      owner_[s].push_back(number);
    }
  }
}

std::vector<SetUnion::Lent> SetUnion::lend(bool first_keeps_its_files) {
  std::vector<Lent> lent;
  for (std::size_t s = 0; s < splits_.size(); ++s) {
    const auto moves = [&](std::size_t owner) { return owner > 0 || !first_keeps_its_files; };
    const auto count = std::count_if(owner_[s].begin(), owner_[s].end(), moves);
    std::int64_t next = 0;
    for (std::size_t i = 0; i < shards_[s].size(); ++i) {
      if (!moves(owner_[s][i])) continue;
      DataIndex::Shard& shard = shards_[s][i];
      const std::string from = folders_[owner_[s][i]] + "/" + shard.file;
      shard.file = shard_format::shard_file(splits_[s].name, next++, count, generation_);
      lent.push_back({from, shard});
    }
  }
  return lent;
}

void SetUnion::write(const std::string& set) const {
  Manifest manifest = manifest_;
  manifest.creator = "intr-pack " + version();
  manifest.created = packing_time();
  for (std::size_t s = 0; s < splits_.size(); ++s)
    manifest.splits.push_back(write_split_index(set, splits_[s], shards_[s], manifest));
  // Of attempts that were killed at their end.
  for (const std::string& name : {report_.file(), std::string(shard_format::kManifestFile)})
    remove_leftovers(set + "/" + name);
  write_json(set + "/" + report_.file(), report_.json());
  manifest.write(set);
}

}  // namespace intr
