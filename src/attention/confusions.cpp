// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/confusions.h"

#include <algorithm>
#include <map>
#include <utility>

#include "intr/attention/verdict.h"

namespace intr {

std::vector<Confusion> confusions_of(const MapReader& reader, std::span<const std::int64_t> rows) {
  std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> mixed_up;
  for (const std::int64_t row : rows) {
    const DumpSample& sample = reader.sample(row);
    const Verdict verdict = judge(sample);
    if (verdict.labeled && !verdict.right) ++mixed_up[{sample.label, verdict.predicted}];
  }
  std::vector<Confusion> confusions;
  for (const auto& [pair, count] : mixed_up)
    confusions.push_back({{pair.first, pair.second}, count});
  std::stable_sort(confusions.begin(), confusions.end(),
                   [](const Confusion& a, const Confusion& b) { return a.count > b.count; });
  return confusions;
}

}  // namespace intr
