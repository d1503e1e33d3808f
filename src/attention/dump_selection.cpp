// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_selection.h"

#include <fmt/format.h>

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "intr/attention/sample_ranges.h"
#include "intr/attention/selection.h"
#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/printable.h"
#include "intr/core/whole_number.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

/// Sample ids of a list's lines.
std::set<std::int64_t> read_list(const std::string& file, const DataIndex& index) {
  std::map<std::string, std::int64_t, std::less<>> id_of_path;
  std::set<std::int64_t> known, ids;
  for (std::int64_t row = 0; row < index.size(); ++row) {
    id_of_path.emplace(index.path(row), index.sample_id(row));
    known.insert(index.sample_id(row));
  }
  std::istringstream lines(read_file(file));
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    const auto by_path = id_of_path.find(line);
    const std::optional<std::int64_t> id =
        by_path != id_of_path.end() ? by_path->second : whole_number(line);
    if (!id || !known.contains(*id))
      throw DataError(fmt::format("line {}: '{}' is neither a sample id nor a path of split {}",
                                  number, printable(line), index.split()),
                      file, fmt::format("intr-pack ls {} lists the samples", index.set()));
    ids.insert(*id);
  }
  return ids;
}

}  // namespace

void describe(SampleChoice& choice, OptionSet& set) {
  set.group("Which samples")
      .add("class", choice.classes, "only samples of this true class, by name or number")
      .add("sample", choice.samples, "only this sample id, or the ids A-B")
      .add("include", choice.include,
           "only what this text file lists: a sample id, or a path below the split, a line")
      .add("limit", choice.limit, "only the first so many of the selected samples; 0 = all");
}

void validate(const SampleChoice& choice) {
  require_range("limit", choice.limit, 0, std::numeric_limits<std::int32_t>::max());
}

std::vector<std::int64_t> select_rows(const DataIndex& index, const SampleChoice& choice) {
  std::set<std::int64_t> labels;
  for (const std::string& name : choice.classes)
    labels.insert(find_class(index.classes(), name, "class"));
  const std::vector<SampleRange> ids = parse_sample_ranges(choice.samples);
  const bool listed_only = !choice.include.empty();
  const std::set<std::int64_t> listed =
      listed_only ? read_list(choice.include, index) : std::set<std::int64_t>();
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < index.size(); ++row) {
    const std::int64_t id = index.sample_id(row);
    const bool class_fits = labels.empty() || labels.contains(index.label(row));
    const bool id_fits = ids.empty() || any_holds(ids, id);
    if (class_fits && id_fits && (!listed_only || listed.contains(id))) rows.push_back(row);
    if (choice.limit > 0 && static_cast<std::int64_t>(rows.size()) == choice.limit) break;
  }
  if (rows.empty())
    throw UsageError(
        fmt::format("none of the {} samples of split {} is selected", index.size(), index.split()),
        index.set(), "check --class, --sample and --include; intr-pack ls lists the samples");
  return rows;
}

std::string describe_selection(const DataIndex& index, const std::vector<std::int64_t>& rows) {
  if (static_cast<std::int64_t>(rows.size()) == index.size()) return "all";
  std::vector<std::int64_t> ids;
  for (const std::int64_t row : rows) ids.push_back(index.sample_id(row));
  return describe_selection(ids);
}

std::string describe_selection(const std::vector<std::int64_t>& sample_ids) {
  Hash128 hash;
  for (const std::int64_t id : sample_ids) hash.add(checked_cast<std::uint64_t>(id));
  return fmt::format("{} samples, {}", sample_ids.size(), hash.hex());
}

}  // namespace intr
