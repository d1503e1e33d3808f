// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/query_selection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <sstream>

#include "intr/attention/selection.h"
#include "intr/core/error.h"
#include "intr/core/whole_number.h"

namespace intr {
std::vector<std::int32_t> rank_classes(std::span<const float> logits) {
  std::vector<std::int32_t> ranked(logits.size());
  std::iota(ranked.begin(), ranked.end(), 0);
  std::stable_sort(ranked.begin(), ranked.end(), [&](std::int32_t a, std::int32_t b) {
    return logits[static_cast<std::size_t>(a)] > logits[static_cast<std::size_t>(b)];
  });
  return ranked;
}

QuerySelection QuerySelection::parse(const std::string& text,
                                     const std::vector<std::string>& classes) {
  QuerySelection selection;
  selection.num_classes_ = static_cast<std::int64_t>(classes.size());
  const auto refuse = [&](const std::string& what) {
    throw UsageError(what, "--queries",
                     "join terms by commas: true, top:K, class:NAME or class:ID, all");
  };
  std::istringstream terms(text);
  for (std::string term; std::getline(terms, term, ',');) {
    if (term == "true") {
      selection.wants_true_ = true;
    } else if (term == "all") {
      selection.wants_all_ = true;
    } else if (term.starts_with("top:")) {
      const std::int64_t count = whole_number(std::string_view(term).substr(4)).value_or(0);
      if (count < 1) refuse(fmt::format("'{}' names no number of classes", term));
      if (selection.top_ != 0) refuse("top:K is given twice");
      selection.top_ = std::min(count, selection.num_classes_);
    } else if (term.starts_with("class:")) {
      const auto number = find_class(classes, term.substr(6), "queries");
      auto& named = selection.named_;
      if (std::find(named.begin(), named.end(), number) == named.end()) named.push_back(number);
    } else {
      refuse(fmt::format("'{}' is no term", term));
    }
  }
  if (selection.num_slots() == 0) refuse("selects no query");
  return selection;
}

QuerySelection QuerySelection::named_and_best(std::vector<std::int32_t> named,
                                              std::int64_t num_classes, std::int64_t num_best) {
  QuerySelection selection;
  selection.num_classes_ = num_classes;
  selection.named_ = std::move(named);
  selection.top_ = std::min(num_best, num_classes);
  return selection;
}

std::string QuerySelection::text() const {
  std::vector<std::string> terms;
  if (wants_true_) terms.emplace_back("true");
  for (const std::int32_t number : named_) terms.push_back(fmt::format("class:{}", number));
  if (wants_all_)
    terms.emplace_back("all");
  else if (top_ > 0)
    terms.push_back(fmt::format("top:{}", top_));
  return fmt::format("{}", fmt::join(terms, ","));
}

std::int64_t QuerySelection::num_slots() const noexcept {
  if (wants_all_) return num_classes_;
  const auto listed = static_cast<std::int64_t>(named_.size()) + (wants_true_ ? 1 : 0);
  return std::min(num_classes_, listed + top_);
}

std::vector<std::int32_t> QuerySelection::select(std::span<const std::int32_t> ranked,
                                                 std::int32_t label) const {
  const auto slots = static_cast<std::size_t>(num_slots());
  std::vector<bool> taken(static_cast<std::size_t>(num_classes_), false);
  std::vector<std::int32_t> chosen;
  const auto take = [&](std::int32_t number) {
    const auto index = static_cast<std::size_t>(number);
    if (chosen.size() == slots || taken[index]) return;
    taken[index] = true;
    chosen.push_back(number);
  };
  if (wants_true_ && label >= 0) take(label);
  for (const std::int32_t number : named_) take(number);
  for (std::int32_t number = 0; wants_all_ && number < num_classes_; ++number) take(number);
  for (const std::int32_t number : ranked) take(number);
  return chosen;
}

}  // namespace intr
