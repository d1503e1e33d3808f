// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "intr/attention/sample_maps.h"
#include "intr/attention/selection.h"
#include "intr/attention/verdict.h"
#include "intr/core/error.h"

namespace intr {

namespace {

/// What names the class in "CLASS" or "class:CLASS"; the latter reaches classes named like a word
/// of this option.
std::string class_term(const DumpFacts& facts, const std::string& query) {
  constexpr std::string_view kPrefix = "class:";
  const bool is_name =
      std::find(facts.classes.begin(), facts.classes.end(), query) != facts.classes.end();
  return query.starts_with(kPrefix) && !is_name ? query.substr(kPrefix.size()) : query;
}

/// The best class other than the query's: what its maps are compared with.
void choose_other(const DumpSample& sample, OverlayQuery& query) {
  const auto other = std::find_if(sample.top_class.begin(), sample.top_class.end(),
                                  [&](std::int32_t of) { return of != query.class_index; });
  query.other_class = other == sample.top_class.end() ? -1 : *other;
  query.other_slot = query.other_class < 0 ? -1 : slot_of_class(sample, query.other_class);
  if (query.other_slot < 0)
    throw DataError("the dump holds no map of another class to compare with",
                    fmt::format("sample {}", sample.sample_id),
                    "dump again with intr-attend --queries true,top:5");
}

}  // namespace

QueryChoice::QueryChoice(const DumpFacts& facts, const OverlayOptions& options)
    : query_(options.query),
      no_query_(options.map == "value"),
      compared_(options.map == "contrast" || options.layout == "contrast"),
      is_signed_(facts.is_signed) {
  const std::vector<std::string> names = {"true", "predicted", "runner-up", "all"};
  if (std::find(names.begin(), names.end(), query_) == names.end())
    class_index_ = find_class(facts.classes, class_term(facts, query_), "query");
}

/// The one query that the options name. @throws DataError if its maps are not stored
OverlayQuery QueryChoice::named_query(const DumpSample& sample) const {
  const Verdict verdict = judge(sample);
  OverlayQuery query;
  query.name = class_index_ >= 0 ? fmt::format("class{}", class_index_) : query_;
  query.class_index = class_index_ >= 0       ? class_index_
                      : query_ == "predicted" ? verdict.predicted
                      : query_ == "runner-up" ? verdict.runner_up
                                              : sample.label;
  if (query.class_index < 0 && query_ == "true") {
    query.name = "predicted";  // a sample without a label
    query.class_index = verdict.predicted;
  }
  query.slot = slot_of_class(sample, query.class_index);
  if (query.slot < 0)
    throw DataError(
        fmt::format("the dump holds no map of the query '{}' of this sample", query_),
        fmt::format("sample {}", sample.sample_id),
        is_signed_ ? "leave out --query: that draws the class that was asked for when it was made"
        : class_index_ >= 0
            ? fmt::format("dump again with intr-attend --queries true,top:5,class:{}", class_index_)
            : "dump again with intr-attend --queries true,top:5");
  return query;
}

std::vector<OverlayQuery> QueryChoice::of(const DumpSample& sample) const {
  std::vector<OverlayQuery> queries;
  if (no_query_)
    queries.push_back({});
  else if (query_ == "all")
    queries = stored_queries(sample);
  else
    queries.push_back(named_query(sample));
  if (compared_)
    for (OverlayQuery& query : queries) choose_other(sample, query);
  return queries;
}

std::vector<OverlayQuery> stored_queries(const DumpSample& sample) {
  std::vector<OverlayQuery> queries;
  for (std::int64_t slot = 0; slot < std::ssize(sample.query); ++slot) {
    const std::int32_t of = sample.query[static_cast<std::size_t>(slot)];
    queries.push_back({fmt::format("class{}", of), slot, of});
  }
  return queries;
}

}  // namespace intr
