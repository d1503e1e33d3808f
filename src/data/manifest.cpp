// SPDX-License-Identifier: Apache-2.0
#include "intr/data/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "intr/core/error.h"
#include "intr/data/shard_format.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

Json split_to_json(const Manifest::Split& split) {
  Json shards = Json::array();
  for (const Manifest::Shard& shard : split.shards) {
    shards.push_back({{"file", shard.file},
                      {"bytes", shard.bytes},
                      {"samples", shard.num_samples},
                      {"xxh3_128", shard.hash},
                      {"plan_id", shard.plan_id}});
    if (!shard.label_map.empty()) shards.back()["label_map"] = shard.label_map;
  }
  return {{"samples", split.num_samples},
          {"bytes", split.bytes},
          {"index", {{"file", split.index_file}, {"xxh3_128", split.index_hash}}},
          {"shards", shards}};
}

void require_file_name(const std::string& file, const char* what, const std::string& where) {
  if (!file.empty() && file.find('/') == std::string::npos &&
      file.find('\0') == std::string::npos && file != "." && file != "..")
    return;
  throw DataError(fmt::format("{} name '{}' is no plain file name", what, file), where,
                  "the file was changed by hand or damaged: pack again");
}

Manifest::Shard shard_from_json(const Json& json, std::size_t num_classes,
                                const std::string& where) {
  Manifest::Shard shard{json_member<std::string>(json, "file", where),
                        json_member<std::uint64_t>(json, "bytes", where),
                        json_member<std::int64_t>(json, "samples", where),
                        json_member<std::string>(json, "xxh3_128", where),
                        json_member<std::string>(json, "plan_id", where)};
  require_file_name(shard.file, "shard", where);
  if (json.contains("label_map"))
    shard.label_map = json_member<std::vector<std::int32_t>>(json, "label_map", where);
  const auto known = [&](std::int32_t label) {
    return label >= 0 && static_cast<std::size_t>(label) < num_classes;
  };
  if (shard.num_samples < 0 || !std::all_of(shard.label_map.begin(), shard.label_map.end(), known))
    throw DataError(fmt::format("what it says of {} cannot be", shard.file), where,
                    "the file was changed by hand or damaged: pack again");
  return shard;
}

Manifest::Split split_from_json(const std::string& name, const Json& json, std::size_t num_classes,
                                const std::string& where) {
  Manifest::Split split;
  split.name = name;
  split.num_samples = json_member<std::int64_t>(json, "samples", where);
  split.bytes = json_member<std::uint64_t>(json, "bytes", where);
  const Json index = json_member<Json>(json, "index", where);
  split.index_file = json_member<std::string>(index, "file", where);
  split.index_hash = json_member<std::string>(index, "xxh3_128", where);
  const Json shards = json_member<Json>(json, "shards", where);
  require_file_name(split.index_file, "index", where);
  for (const Json& item : shards) split.shards.push_back(shard_from_json(item, num_classes, where));
  return split;
}

void require_readable(const Json& json, const std::string& where) {
  const auto format = json_member<std::string>(json, "format", where);
  if (format != shard_format::kManifestFormat) {
    throw DataError(
        fmt::format("its format is '{}', not '{}'", format, shard_format::kManifestFormat), where,
        "check the path given to --data");
  }
  const auto version = json_member<std::vector<std::int64_t>>(json, "format_version", where);
  if (version.size() != 2 || version[0] != shard_format::kMajor) {
    throw DataError(fmt::format("its format version is {}, this program reads {}.x",
                                fmt::join(version, "."), shard_format::kMajor),
                    where, "use a program of the matching version, or pack again");
  }
}

}  // namespace

Manifest Manifest::read(const std::string& set) {
  const std::string path = set + "/" + shard_format::kManifestFile;
  std::error_code ignored;
  if (!std::filesystem::is_directory(set, ignored))
    throw DataError("no such folder", set, "give the folder that intr-pack wrote");
  if (!std::filesystem::exists(path, ignored)) {
    throw DataError(fmt::format("no packed data set: {} is missing", shard_format::kManifestFile),
                    set, "make one with: intr-pack pack SOURCE --out " + set);
  }
  const Json json = read_json(path);
  require_readable(json, path);
  Manifest manifest;
  manifest.generation = json_member<std::int64_t>(json, "generation", path);
  manifest.dataset_id = json_member<std::string>(json, "dataset_id", path);
  manifest.plan_ids = json_member<std::vector<std::string>>(json, "plan_ids", path);
  manifest.classes = json_member<std::vector<std::string>>(json, "classes", path);
  const Json splits = json_member<Json>(json, "splits", path);
  for (const auto& [name, split] : splits.items())
    manifest.splits.push_back(split_from_json(name, split, manifest.classes.size(), path));
  const Json decode = json_member<Json>(json, "decode", path);
  manifest.exif = json_member<std::string>(decode, "exif", path);
  manifest.gray16 = json_member<std::string>(decode, "gray16", path);
  if ((manifest.exif != "ignore" && manifest.exif != "apply") ||
      (manifest.gray16 != "clip" && manifest.gray16 != "scale")) {
    throw DataError(
        fmt::format("decodes pictures in a way that this program does not know: {}", decode.dump()),
        path, "use the version of intr that packed it, or pack again");
  }
  manifest.options = json_member<Json>(json, "options", path);
  manifest.flag_counts = json_member<Json>(json, "flags", path);
  manifest.creator = json_member<std::string>(json, "creator", path);
  manifest.created = json_member<std::string>(json, "created", path);
  return manifest;
}

void Manifest::write(const std::string& set) const {
  Json all_splits = Json::object();
  for (const Split& split : splits) all_splits[split.name] = split_to_json(split);
  const Json json = {{"format", shard_format::kManifestFormat},
                     {"format_version", {shard_format::kMajor, shard_format::kMinor}},
                     {"generation", generation},
                     {"dataset_id", dataset_id},
                     {"plan_ids", plan_ids},
                     {"classes", classes},
                     {"splits", all_splits},
                     {"decode", {{"exif", exif}, {"gray16", gray16}, {"resize", "pillow-h"}}},
                     {"options", options},
                     {"flags", flag_counts},
                     {"creator", creator},
                     {"created", created}};
  write_json(set + "/" + shard_format::kManifestFile, json);
}

const Manifest::Split& Manifest::split(const std::string& set, const std::string& name) const {
  std::vector<std::string> names;
  for (const Split& candidate : splits) {
    if (candidate.name == name) return candidate;
    names.push_back(candidate.name);
  }
  throw DataError(fmt::format("there is no split '{}'", name), set,
                  fmt::format("choose one of: {}", fmt::join(names, ", ")));
}

}  // namespace intr
