// SPDX-License-Identifier: Apache-2.0
#include "preprocess/pack_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <map>
#include <numeric>
#include <utility>

#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/data/shard_format.h"
#include "intr/image/decode.h"
#include "intr/io/json_file.h"
#include "preprocess/annotations.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
using shard_format::kFlagNames;

std::string sample_name(const std::string& split, const std::string& path) {
  return printable(split + "/" + path);
}

Json flagged(const std::vector<PackedSplit>& splits) {
  Json result = Json::object();
  for (std::size_t bit = 0; bit < kFlagNames.size(); ++bit) {
    // Every picture of such a source is re-encoded; a list of all of them would say nothing.
    if ((1u << bit) == kReencoded) continue;
    Json paths = Json::array();
    for (const PackedSplit& split : splits) {
      for (std::int64_t row = 0; row < split.columns.size(); ++row) {
        if ((split.columns.flags[static_cast<std::size_t>(row)] >> bit & 1u) != 0)
          paths.push_back(sample_name(split.name, split.columns.path_of(row)));
      }
    }
    if (!paths.empty()) result[kFlagNames[bit]] = std::move(paths);
  }
  return result;
}

Json duplicate_groups(const PackReport& report) {
  Json groups = Json::array();
  for (const DuplicateGroup& group : report.duplicates) {
    Json samples = Json::array();
    for (const DuplicateGroup::Member& member : group.members) {
      const auto label = static_cast<std::size_t>(member.label);
      samples.push_back({{"split", member.split},
                         {"path", printable(member.path)},
                         {"label", member.label},
                         {"class", printable(report.plan->listing.classes[label])}});
    }
    groups.push_back({{"leak", group.crosses_splits()},
                      {"two_labels", group.crosses_labels()},
                      {"samples", samples}});
  }
  return groups;
}

}  // namespace

bool DuplicateGroup::crosses_splits() const {
  return std::any_of(members.begin(), members.end(),
                     [&](const Member& m) { return m.split != members.front().split; });
}
bool DuplicateGroup::crosses_labels() const {
  return std::any_of(members.begin(), members.end(),
                     [&](const Member& m) { return m.label != members.front().label; });
}

std::vector<DuplicateGroup> mark_duplicates(std::vector<PackedSplit>& splits) {
  using Place = std::pair<std::size_t, std::size_t>;  // split, row
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<Place>> by_content;
  for (std::size_t s = 0; s < splits.size(); ++s) {
    for (std::size_t row = 0; row < splits[s].length.size(); ++row)
      by_content[{splits[s].columns.source_hash[row], splits[s].length[row]}].emplace_back(s, row);
  }
  std::vector<std::vector<Place>> groups;
  for (auto& [content, places] : by_content)
    if (places.size() > 1) groups.push_back(std::move(places));
  std::sort(groups.begin(), groups.end());
  std::vector<DuplicateGroup> result;
  for (const std::vector<Place>& places : groups) {
    DuplicateGroup group;
    for (const auto& [s, row] : places) {
      SampleColumns& columns = splits[s].columns;
      columns.flags[row] |= kDuplicate;
      group.members.push_back(
          {splits[s].name, columns.path_of(static_cast<std::int64_t>(row)), columns.label[row]});
    }
    result.push_back(std::move(group));
  }
  return result;
}

Json count_flags(const std::vector<PackedSplit>& splits) {
  Json counts = Json::object();
  for (std::size_t bit = 0; bit < kFlagNames.size(); ++bit) {
    std::int64_t count = 0;
    for (const PackedSplit& split : splits)
      for (const std::uint32_t flags : split.columns.flags) count += flags >> bit & 1u;
    if (count > 0) counts[kFlagNames[bit]] = count;
  }
  return counts;
}

OddCounts count_oddities(const std::vector<PackedSplit>& splits) {
  OddCounts counts;
  for (const PackedSplit& split : splits) {
    const SampleColumns& columns = split.columns;
    for (std::size_t row = 0; row < split.length.size(); ++row) {
      const bool tiff = columns.codec[row] == static_cast<std::uint8_t>(Codec::kTiff);
      if (columns.orientation[row] > 1 && !tiff) ++counts.turned;
      const std::int64_t width = columns.width[row], height = columns.height[row];
      if (width * height > kManyPixels) ++counts.many_pixels;
    }
    counts.boxes_outside += boxes_outside(columns).count;
  }
  return counts;
}

std::string PackReport::file() const { return shard_format::report_file(generation); }

Json PackReport::summary() const {
  const OddCounts odd = count_oddities(*splits);
  Json per_split = Json::object();
  for (const PackedSplit& split : *splits) {
    per_split[split.name] = {
        {"samples", split.columns.size()},
        {"bytes", std::accumulate(split.length.begin(), split.length.end(), std::uint64_t{0})}};
  }
  return {{"dataset_id", dataset_id},
          {"plan_id", plan->plan_id},
          {"classes", plan->listing.classes.size()},
          {"splits", per_split},
          {"bad", bad.size()},
          {"flags", count_flags(*splits)},
          {"exif_orientation", odd.turned},
          {"many_pixels", odd.many_pixels},
          {"boxes_outside", odd.boxes_outside},
          {"duplicate_groups", duplicates.size()},
          {"leaks", std::count_if(duplicates.begin(), duplicates.end(),
                                  [](const DuplicateGroup& g) { return g.crosses_splits(); })}};
}

Json PackReport::json() const {
  Json bad_files = Json::array();
  for (const BadFile& file : bad) {
    bad_files.push_back({{"split", file.split},
                         {"path", printable(file.path)},
                         {"reason", file.reason},
                         {"offset", file.offset >= 0 ? Json(file.offset) : Json(nullptr)}});
  }
  Json not_listed = Json::object();
  for (const auto& [extension, count] : plan->listing.not_listed) not_listed[extension] = count;
  return {{"summary", summary()},
          {"bad", bad_files},
          {"flagged", flagged(*splits)},
          {"duplicates", duplicate_groups(*this)},
          {"not_listed", not_listed}};
}

std::vector<BadFile> read_bad_files(const std::string& set, std::int64_t generation) {
  const std::string path = set + "/" + shard_format::report_file(generation);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {};
  const Json report = read_json(path);
  std::vector<BadFile> bad;
  for (const Json& entry : json_member<Json>(report, "bad", path)) {
    const Json offset = json_member<Json>(entry, "offset", path);
    bad.push_back({json_member<std::string>(entry, "split", path),
                   from_printable(json_member<std::string>(entry, "path", path)),
                   json_member<std::string>(entry, "reason", path),
                   offset.is_number() ? offset.get<std::int64_t>() : -1});
  }
  return bad;
}

void warn_of_oddities(const PackReport& report) {
  const Json counts = count_flags(*report.splits);
  const auto warn = [&](ImageFlag flag, const char* meaning) {
    const auto bit = static_cast<std::size_t>(std::countr_zero(static_cast<std::uint32_t>(flag)));
    const char* name = kFlagNames[bit];
    if (counts.contains(name))
      log::warning("{} pictures: {}. Next: see \"{}\" in {}", counts[name].get<std::int64_t>(),
                   meaning, name, report.file());
  };
  warn(kExtensionMismatch, "the name's ending is not that of the content; the content counts");
  const OddCounts odd = count_oddities(*report.splits);
  const auto say = [](std::int64_t count, const std::string& meaning) {
    if (count > 0) log::warning("{} pictures: {}", count, meaning);
  };
  say(odd.turned, report.applies_exif
                      ? "their EXIF orientation is applied when they are loaded (--exif apply)"
                      : "their EXIF orientation is ignored, as the reference does (--exif apply "
                        "turns them)");
  say(odd.many_pixels, fmt::format("more than {} pixels, which Pillow warns of", kManyPixels));
  warn(kIcc, "an ICC profile is ignored, as Pillow does");
  warn(kAlphaDropped, "transparency is dropped, hidden colors show");
  warn(kClipped16, "16-bit grey is clipped at 255, as Pillow does: most of it will be white");
  warn(kDecoderWarning, "the decoder warned, parts may be damaged");
  warn(kTrailingBytes, "bytes follow the picture's end");
  for (const PackedSplit& split : *report.splits) {
    const BoxesOutside outside = boxes_outside(split.columns);
    if (outside.count > 0)
      log::warning("{} boxes of split {} reach out of their pictures, the first that of {}",
                   outside.count, split.name, printable(outside.first));
  }
  std::int64_t leaks = 0, labels = 0;
  for (const DuplicateGroup& group : report.duplicates) {
    leaks += group.crosses_splits() ? 1 : 0;
    labels += group.crosses_labels() ? 1 : 0;
  }
  if (!report.bad.empty())
    log::warning("{} bad pictures were left out; {} names them", report.bad.size(), report.file());
  if (leaks > 0)
    log::warning("leak: {} pictures stand in more than one split. Next: see \"duplicates\" in {}",
                 leaks, report.file());
  if (labels > 0)
    log::warning("{} pictures stand under two labels. Next: see \"duplicates\" in {}", labels,
                 report.file());
  if (const auto equal = std::ssize(report.duplicates); equal > 0)
    log::warning("{} groups of equal pictures. Next: see \"duplicates\" in {}", equal,
                 report.file());
}

}  // namespace intr
