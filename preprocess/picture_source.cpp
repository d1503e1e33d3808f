// SPDX-License-Identifier: Apache-2.0
#include "preprocess/picture_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "intr/core/error.h"
#include "intr/core/printable.h"

namespace intr {
namespace {

void warn_of_twins(Listing& listing) {
  std::map<std::string, std::string> seen;
  for (const std::string& name : listing.classes) {
    std::string folded = name;
    std::transform(folded.begin(), folded.end(), folded.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto [twin, fresh] = seen.emplace(folded, name);
    if (!fresh)
      listing.warnings.push_back(fmt::format("classes '{}' and '{}' differ in case only",
                                             printable(twin->second), printable(name)));
  }
}

}  // namespace

std::int64_t Listing::num_files() const {
  std::int64_t count = 0;
  for (const SourceSplit& split : splits) count += std::ssize(split.files);
  return count;
}

std::string shown(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 40;
  std::vector<std::string> some;
  for (const std::string& name : names) {
    if (some.size() == kMost) break;
    some.push_back(printable(name));
  }
  const std::string text = fmt::format("{}", fmt::join(some, ", "));
  if (names.size() <= kMost) return names.empty() ? "none" : text;
  return fmt::format("{}, … ({} in all)", text, names.size());
}

void check_listing(Listing& listing, const SourceRules& rules, const std::string& source) {
  warn_of_twins(listing);
  for (const SourceSplit& split : listing.splits) {
    if (split.files.empty()) {
      throw DataError(fmt::format("split '{}' has no pictures", split.name), source,
                      "put pictures into its class folders, or name other splits with --splits");
    }
    std::vector<bool> filled(listing.classes.size(), false);
    for (const SourceFile& file : split.files) filled[static_cast<std::size_t>(file.label)] = true;
    std::vector<std::string> empty;
    for (std::size_t label = 0; label < filled.size(); ++label)
      if (!filled[label]) empty.push_back(listing.classes[label]);
    if (empty.empty() || rules.allow_empty) continue;
    throw DataError(
        fmt::format("classes without pictures in split '{}': {}", split.name, shown(empty)), source,
        "add pictures or remove the classes, or keep them with --allow-empty");
  }
}

}  // namespace intr
