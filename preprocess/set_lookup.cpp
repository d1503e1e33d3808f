// SPDX-License-Identifier: Apache-2.0
#include "preprocess/set_lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "intr/core/error.h"
#include "intr/core/option_set.h"
#include "intr/core/printable.h"
#include "intr/data/shard_format.h"

namespace intr {
namespace {

constexpr std::size_t kMostShown = 40;

[[noreturn]] void refuse(const char* flag, const std::string& what, const std::string& name,
                         const std::vector<std::string>& names, const std::string& otherwise) {
  const std::string near = nearest_match(name, names);
  std::string next = otherwise;
  if (!near.empty())
    next = fmt::format("did you mean '{}'?", near);
  else if (!names.empty() && names.size() <= kMostShown)
    next = fmt::format("choose one of: {}", fmt::join(names, ", "));
  throw UsageError(fmt::format("'{}' is {}", printable(name), what), flag, next);
}

std::vector<std::string> split_names(const Manifest& manifest) {
  std::vector<std::string> names;
  for (const Manifest::Split& split : manifest.splits) names.push_back(split.name);
  return names;
}

std::optional<std::int64_t> number_of(const std::string& text) {
  std::int64_t number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last || number < 0) return std::nullopt;
  return number;
}

std::string file_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string folder_part(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash);
}

/// Printable paths that share the folder or the file name: a set may hold millions of others.
std::vector<std::string> likely_paths(const DataIndex& index, const std::string& path) {
  std::vector<std::string> likely;
  for (std::int64_t row = 0; row < index.size(); ++row) {
    const std::string known = printable(index.path(row));
    if (folder_part(known) == folder_part(path) || file_part(known) == file_part(path))
      likely.push_back(known);
  }
  return likely;
}

}  // namespace

std::string find_split(const Manifest& manifest, const std::string& name) {
  const std::vector<std::string> names = split_names(manifest);
  if (name.empty() && names.size() == 1) return names.front();
  if (name.empty())
    throw UsageError("must be given", "--split",
                     fmt::format("choose one of: {}", fmt::join(names, ", ")));
  if (std::find(names.begin(), names.end(), name) != names.end()) return name;
  refuse("--split", "no split of this set", name, names, "see the splits with intr-pack stats SET");
}

std::vector<std::string> chosen_splits(const Manifest& manifest, const std::string& name) {
  if (name.empty()) return split_names(manifest);
  return {find_split(manifest, name)};
}

std::string find_class(const Manifest& manifest, const std::string& name) {
  for (const std::string& wanted : {name, printable(name)})
    if (std::find(manifest.classes.begin(), manifest.classes.end(), wanted) !=
        manifest.classes.end())
      return wanted;
  refuse("--class", "no class of this set", name, manifest.classes,
         "see the names with intr-pack ls SET");
}

std::uint32_t find_flag(const std::string& name) {
  const auto& names = shard_format::kFlagNames;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return 1u << (found - names.begin());
  refuse("--flag", "no flag", name, {names.begin(), names.end()}, {});
}

std::int64_t find_row(const DataIndex& index, const std::string& sample) {
  if (const std::optional<std::int64_t> id = number_of(sample)) {
    const std::int64_t row = index.find(*id);
    if (row >= 0) return row;
  }
  for (std::int64_t row = 0; row < index.size(); ++row) {
    const std::string path = index.path(row);
    if (path == sample || printable(path) == sample) return row;
  }
  std::string otherwise = "see the samples with intr-pack ls SET";
  if (index.size() > 0)
    otherwise = fmt::format("give an id from {} to {}, or a path; intr-pack ls SET lists them",
                            index.sample_id(0), index.sample_id(index.size() - 1));
  refuse("--sample", fmt::format("no sample of split '{}'", index.split()), sample,
         number_of(sample) ? std::vector<std::string>() : likely_paths(index, printable(sample)),
         otherwise);
}

}  // namespace intr
