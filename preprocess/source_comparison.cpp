// SPDX-License-Identifier: Apache-2.0
#include "preprocess/source_comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "intr/core/progress.h"
#include "intr/data/manifest.h"

namespace intr {

SetComparison compare_with_source(const std::string& set, SourceOptions options,
                                  const std::string& source, std::int64_t threads,
                                  const std::function<bool()>& stop_requested) {
  if (options.splits.empty()) {
    std::vector<std::string> names;
    for (const Manifest::Split& split : Manifest::read(set).splits) names.push_back(split.name);
    options.splits = fmt::format("{}", fmt::join(names, ","));
  }
  const auto pictures = make_source(options, source);
  const Listing listing = scan(*pictures, options);
  Progress progress("comparing", listing.num_files(), "files");
  const ComparisonOptions how = {
      .threads = threads, .advance = [&] { progress.advance(); }, .stop_requested = stop_requested};
  SetComparison comparison = compare_with_source(set, *pictures, listing, how);
  progress.finish();
  return comparison;
}

}  // namespace intr
