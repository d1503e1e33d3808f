// SPDX-License-Identifier: Apache-2.0
// What an import did with each key, for files and for people.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <utility>

#include "intr/core/printable.h"
#include "intr/model/weight_import.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

/// "3 tensors", "1 tensor".
std::string counted(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

Json WeightImport::report() const {
  Json keys = Json::array();
  Json counts = {{"loaded", 0}, {"converted", 0}, {"initialised", 0}, {"dropped", 0}};
  const auto add = [&](const std::string& key, const char* what, const char* detail,
                       const std::string& text) {
    Json line = {{"key", printable(key)}, {"outcome", what}};
    if (!text.empty()) line[detail] = text;
    counts[what] = counts[what].get<std::int64_t>() + 1;
    keys.push_back(std::move(line));
  };
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    const Source& source = sources_[row];
    if (!source.covered) continue;
    if (!source.how.empty())
      add(rows_[row].name, "initialised", "how", source.how);
    else if (source.tensor->type == DType::f32)
      add(rows_[row].name, "loaded", "", "");
    else
      add(rows_[row].name, "converted", "from", name_of(source.tensor->type));
  }
  for (const std::vector<DroppedKey>* dropped : {&weights_.dropped, &dropped_})
    for (const DroppedKey& key : *dropped) add(key.key, "dropped", "why", key.why);
  return {{"file", printable(file_.path())},
          {"format", name_of(file_.format())},
          {"family", name_of(weights_.family)},
          {"keys", std::move(keys)},
          {"counts", std::move(counts)}};
}

std::vector<std::string> WeightImport::lines() const {
  std::size_t loaded = 0;
  std::map<std::string, std::size_t> converted, dropped;
  std::vector<std::string> initialised;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    const Source& source = sources_[row];
    if (!source.covered) continue;
    if (!source.how.empty())
      initialised.push_back(fmt::format("{} ({})", rows_[row].name, source.how));
    else if (source.tensor->type == DType::f32)
      ++loaded;
    else
      ++converted[name_of(source.tensor->type)];
  }
  for (const std::vector<DroppedKey>* keys : {&weights_.dropped, &dropped_})
    for (const DroppedKey& key : *keys) ++dropped[key.why];

  std::vector<std::string> lines;
  if (loaded > 0) lines.push_back("loaded: " + counted(loaded, "tensor"));
  for (const auto& [type, count] : converted)
    lines.push_back(fmt::format("converted from {}: {}", type, counted(count, "tensor")));
  for (const std::string& text : initialised) lines.push_back("initialised: " + text);
  for (const auto& [why, count] : dropped)
    lines.push_back(fmt::format("dropped: {} ({})", counted(count, "key"), why));
  return lines;
}

}  // namespace intr
