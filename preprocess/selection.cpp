// SPDX-License-Identifier: Apache-2.0
#include "preprocess/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <unordered_map>
#include <vector>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/data/sample_order.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

/// The lines of a list file, and which of them named a file.
class PathList {
 public:
  explicit PathList(const std::string& path) : path_(path) {
    std::istringstream text(read_file(path));
    for (std::string line; std::getline(text, line);)
      if (!line.empty()) used_.emplace(line, false);
  }
  bool names(const std::string& split, const std::string& file) {
    const bool alone = mark(file);
    return mark(split + "/" + file) || alone;
  }
  void require_all_used() const {
    for (const auto& [line, used] : used_) {
      if (used) continue;
      throw DataError(fmt::format("'{}' is no picture of any split", printable(line)), path_,
                      "write a path below the split folder, or SPLIT/path, as intr-pack ls shows");
    }
  }

 private:
  bool mark(const std::string& line) {
    const auto found = used_.find(line);
    if (found == used_.end()) return false;
    found->second = true;
    return true;
  }
  std::string path_;
  std::unordered_map<std::string, bool> used_;
};

void filter(Listing& listing, const std::string& list_path, bool keep_named) {
  if (list_path.empty()) return;
  PathList list(list_path);
  for (SourceSplit& split : listing.splits) {
    std::erase_if(split.files, [&](const SourceFile& file) {
      return list.names(split.name, file.path) != keep_named;
    });
  }
  list.require_all_used();
}

void limit(SourceSplit& split, std::int64_t count, std::uint64_t seed) {
  if (std::ssize(split.files) <= count) return;
  const SampleOrder order(split.files.size(), seed, 0);
  std::vector<std::uint64_t> kept;
  for (std::uint64_t position = 0; position < static_cast<std::uint64_t>(count); ++position)
    kept.push_back(order.at(position));
  std::sort(kept.begin(), kept.end());
  std::vector<SourceFile> files;
  for (const std::uint64_t place : kept) files.push_back(std::move(split.files[place]));
  split.files = std::move(files);
}

}  // namespace

std::map<std::string, std::int64_t> parse_limits(const std::string& text) {
  std::map<std::string, std::int64_t> limits;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t equals = part.find('=');
    std::int64_t count = 0;
    const char* first = part.data() + std::min(part.size(), equals + 1);
    const char* last = part.data() + part.size();
    const bool whole =
        equals != std::string::npos && std::from_chars(first, last, count).ptr == last;
    if (!whole || count < 1 || equals == 0) {
      throw UsageError(fmt::format("'{}' is no limit", part), "--limit",
                       "write SPLIT=COUNT, such as train=6000,val=2000");
    }
    limits[part.substr(0, equals)] = count;
  }
  return limits;
}

void select_files(Listing& listing, const Selection& selection) {
  filter(listing, selection.include_list, true);
  filter(listing, selection.exclude_list, false);
  for (const auto& [name, count] : selection.limits) {
    const auto split = std::find_if(listing.splits.begin(), listing.splits.end(),
                                    [&](const SourceSplit& s) { return s.name == name; });
    if (split == listing.splits.end()) {
      throw UsageError(fmt::format("no split '{}' is packed", name), "--limit",
                       "name splits that --splits names");
    }
    limit(*split, count, selection.limit_seed);
  }
  for (const SourceSplit& split : listing.splits) {
    if (split.files.empty())
      throw DataError(fmt::format("nothing is left of split '{}'", split.name), {},
                      "check --include and --exclude");
  }
}

}  // namespace intr
