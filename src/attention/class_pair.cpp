// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/class_pair.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "intr/attention/selection.h"
#include "intr/core/error.h"

namespace intr {

namespace {

std::optional<std::int32_t> known_class(const std::vector<std::string>& classes,
                                        const std::string& name, const std::string& flag) {
  try {
    return find_class(classes, name, flag);
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

}  // namespace

ClassPair find_class_pair(const std::vector<std::string>& classes, const std::string& text,
                          const std::string& flag) {
  std::vector<ClassPair> pairs;
  std::vector<std::pair<std::string, std::string>> halves;
  std::size_t most_telling = 0;  // cut to explain: where a half is known, or the first
  for (std::size_t comma = text.find(','); comma != std::string::npos;
       comma = text.find(',', comma + 1)) {
    halves.emplace_back(text.substr(0, comma), text.substr(comma + 1));
    const auto label = known_class(classes, halves.back().first, flag);
    const auto predicted = known_class(classes, halves.back().second, flag);
    if (label && predicted) pairs.push_back({*label, *predicted});
    if (label || predicted) most_telling = halves.size() - 1;
  }
  if (halves.empty())
    throw UsageError(fmt::format("'{}' is not TRUE,PREDICTED", text), "--" + flag,
                     "write two classes with a comma between, by name or number");
  if (pairs.size() == 1) return pairs.front();
  if (pairs.size() > 1)
    throw UsageError(
        fmt::format("'{}' can be cut into two classes in {} ways", text, pairs.size()), "--" + flag,
        fmt::format("write numbers, such as {},{}", pairs[0].label, pairs[0].predicted));
  const auto& [label, predicted] = halves[most_telling];
  return {find_class(classes, label, flag), find_class(classes, predicted, flag)};  // one throws
}

}  // namespace intr
